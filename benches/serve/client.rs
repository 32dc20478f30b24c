//! As little of an HTTP client as it takes: one kept connection, one request at a time, bodies with a stated length.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context, bail};

pub struct Client {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

/// An answer without its body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Bytes of the body.
    pub length: usize,
    pub etag: Option<String>,
}

impl Client {
    pub fn connect(host: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(host).with_context(|| format!("nobody answers at {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(1 << 18, stream), host })
    }

    /// Asks for a path; `headers` are whole lines.
    pub fn get(&mut self, path: &str, headers: &str) -> anyhow::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).with_context(|| format!("no status in {line:?}"))?;
        let mut answer = Answer { status, length: 0, etag: None };
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" if status != 304 => answer.length = value.trim().parse()?,
                "etag" => answer.etag = Some(value.trim().to_owned()),
                "transfer-encoding" => bail!("{path} came in chunks"),
                _ => {}
            }
        }
        std::io::copy(&mut self.stream.by_ref().take(answer.length as u64), &mut std::io::sink())?;
        Ok(answer)
    }
}
