//! Passes over a PBF file, block by block. The first pass notes which blocks hold what, so later ones skip the others.

use std::{
    fs::File,
    io::{BufReader, SeekFrom},
    path::{Path, PathBuf},
};

use osmpbf::{BlobDecode, BlobReader, ByteOffset, Element, PrimitiveBlock, Relation, Way};

use super::tags::Tags;
use crate::{
    import::{Error, Intake},
    model::LonLat,
};

/// Features of the format that this reader knows.
const KNOWN_FEATURES: &[&str] = &["OsmSchema-V0.6", "DenseNodes"];

/// A PBF file whose blocks are known.
pub struct Pbf {
    path: PathBuf,
    name: String,
    blocks: Vec<Block>,
    total: u64,
}

struct Block {
    offset: ByteOffset,
    nodes: bool,
    ways: bool,
}

/// A node with its tags.
pub struct Node<'a> {
    pub id: i64,
    pub position: LonLat,
    pub tags: Tags<'a>,
}

impl Pbf {
    /// Goes over the whole file once and hands out its relations.
    pub fn open(path: &Path, intake: &mut Intake<'_>, mut on_relation: impl FnMut(&Relation<'_>)) -> Result<Self, Error> {
        let total = std::fs::metadata(path).map_err(|source| Error::io(path, source))?.len();
        if total == 0 {
            return Err(Error::Empty(path.to_owned()));
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut pbf = Self { path: path.to_owned(), name, blocks: vec![], total };
        let mut reader = pbf.reader()?;
        let (mut end, mut has_header) = (0, false);
        while let Some(blob) = reader.next() {
            let blob = blob.map_err(|error| pbf.damaged(end, &error))?;
            let decoded = blob.decode().map_err(|error| pbf.damaged(end, &error))?;
            match decoded {
                BlobDecode::OsmHeader(header) => {
                    has_header = true;
                    if let Some(unknown) = header.required_features().iter().find(|feature| !KNOWN_FEATURES.contains(&feature.as_str())) {
                        let why =
                            format!("the file needs {unknown}, which is not supported; convert it with `osmium cat --output-format pbf`");
                        return Err(Error::broken(path, None, why));
                    }
                }
                BlobDecode::OsmData(block) => {
                    let (mut nodes, mut ways) = (false, false);
                    for group in block.groups() {
                        nodes |= group.dense_nodes().next().is_some() || group.nodes().next().is_some();
                        ways |= group.ways().next().is_some();
                        group.relations().for_each(|relation| on_relation(&relation));
                    }
                    pbf.blocks.push(Block { offset: ByteOffset(end), nodes, ways });
                }
                BlobDecode::Unknown(_) => {}
            }
            end = reader.seek_raw(SeekFrom::Current(0)).map_err(|error| pbf.damaged(end, &error))?;
            intake.progress(&format!("{}: relations", pbf.name), end, total);
        }
        if !has_header {
            return Err(Error::broken(path, None, "this is not an OSM PBF file; give a file that ends in .osm.pbf"));
        }
        if end != total {
            return Err(pbf.cut_off(end));
        }
        Ok(pbf)
    }

    /// The file as the report names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Hands out every node.
    pub fn nodes(&self, intake: &mut Intake<'_>, mut on_node: impl FnMut(Node<'_>)) -> Result<(), Error> {
        self.pass(
            "nodes",
            |block| block.nodes,
            intake,
            |block| {
                for element in block.elements() {
                    match element {
                        Element::DenseNode(node) => {
                            let position = LonLat::new(node.decimicro_lon(), node.decimicro_lat());
                            on_node(Node { id: node.id(), position, tags: Tags(node.tags().collect()) });
                        }
                        Element::Node(node) => {
                            let position = LonLat::new(node.decimicro_lon(), node.decimicro_lat());
                            on_node(Node { id: node.id(), position, tags: Tags(node.tags().collect()) });
                        }
                        _ => {}
                    }
                }
            },
        )
    }

    /// Hands out every way.
    pub fn ways(&self, intake: &mut Intake<'_>, mut on_way: impl FnMut(&Way<'_>)) -> Result<(), Error> {
        self.pass(
            "ways",
            |block| block.ways,
            intake,
            |block| {
                block.groups().flat_map(|group| group.ways()).for_each(|way| on_way(&way));
            },
        )
    }

    fn pass(
        &self,
        what: &str,
        wanted: impl Fn(&Block) -> bool,
        intake: &mut Intake<'_>,
        mut on_block: impl FnMut(&PrimitiveBlock),
    ) -> Result<(), Error> {
        let mut reader = self.reader()?;
        let doing = format!("{}: {what}", self.name);
        for block in self.blocks.iter().filter(|block| wanted(block)) {
            let damaged = |error| self.damaged(block.offset.0, &error);
            if let BlobDecode::OsmData(data) = reader.blob_from_offset(block.offset).map_err(damaged)?.decode().map_err(damaged)? {
                on_block(&data);
            }
            intake.progress(&doing, block.offset.0, self.total);
        }
        intake.progress(&doing, self.total, self.total);
        Ok(())
    }

    fn reader(&self) -> Result<BlobReader<BufReader<File>>, Error> {
        let file = File::open(&self.path).map_err(|source| Error::io(&self.path, source))?;
        BlobReader::new_seekable(BufReader::new(file)).map_err(|error| self.damaged(0, &error))
    }

    fn damaged(&self, offset: u64, error: &osmpbf::Error) -> Error {
        match error.kind() {
            osmpbf::ErrorKind::Io(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
                Error::io(&self.path, std::io::Error::new(source.kind(), source.to_string()))
            }
            _ if offset == 0 => Error::broken(
                &self.path,
                None,
                format!("this is not an OSM PBF file, or its start is damaged ({error}); download it again"),
            ),
            _ => self.cut_off(offset),
        }
    }

    fn cut_off(&self, offset: u64) -> Error {
        let why = format!("the block at byte {offset} of {} is cut off or damaged; download the file again", self.total);
        Error::broken(&self.path, None, why)
    }
}
