//! Many short lists of row numbers in two arrays.

/// `list(i)` is a slice of one array.
#[derive(Debug, Default)]
pub struct Lists {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Lists {
    /// Sorts rows into `count` lists, in the order they come. Pairs are (list, row).
    pub fn build(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0u32; count + 1];
        for (list, _) in pairs.clone() {
            starts[list as usize + 1] += 1;
        }
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut rows = vec![0u32; starts[count] as usize];
        for (list, row) in pairs {
            let at = &mut next[list as usize];
            rows[*at as usize] = row;
            *at += 1;
        }
        Self { starts, rows }
    }

    /// Where list `i` lies in [`Lists::rows`].
    pub fn range(&self, i: usize) -> std::ops::Range<usize> {
        self.starts[i] as usize..self.starts[i + 1] as usize
    }

    /// List `i`.
    pub fn list(&self, i: usize) -> &[u32] {
        &self.rows[self.range(i)]
    }

    /// All lists end to end.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }
}
