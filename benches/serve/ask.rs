//! Requests one after the other: what each costs when nobody else asks.

use std::{io::BufRead, net::SocketAddr, time::Instant};

use super::client::Client;

/// Prints a line an answer: status, bytes, milliseconds, tag (or -), path.
pub fn run(to: SocketAddr, gzip: bool, again: bool) -> anyhow::Result<()> {
    let mut client = Client::connect(to)?;
    let accept = if gzip { "Accept-Encoding: gzip\r\n" } else { "" };
    for path in std::io::stdin().lock().lines() {
        let path = path?;
        let mut headers = accept.to_owned();
        if again && let Some(etag) = client.get(&path, &headers)?.etag {
            headers += &format!("If-None-Match: {etag}\r\n");
        }
        let start = Instant::now();
        let answer = client.get(&path, &headers)?;
        let ms = start.elapsed().as_secs_f64() * 1e3;
        println!("{} {} {ms:.3} {} {path}", answer.status, answer.length, answer.etag.as_deref().unwrap_or("-"));
    }
    Ok(())
}
