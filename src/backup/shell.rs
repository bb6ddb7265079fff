//! The layers around a backup: one gzip member of ours, and any that were added later.
//!
//! Invariant: the end is only reported after the last byte of every layer, so that nothing can follow unseen.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::format::GZIP_HEAD;

/// Layers of gzip that are taken off.
const LAYERS: u32 = 4;
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What the first line begins with.
const PLAIN: &[u8] = b"{\"qr_observatory_backup\"";
/// What other programs put around files: how those begin, what it is, and how it goes away.
const OTHERS: [(&[u8], &str); 9] = [
    (b"\x28\xb5\x2f\xfd", "zstd (unzstd FILE)"),
    (b"\xfd7zXZ\0", "xz (unxz FILE)"),
    (b"BZh", "bzip2 (bunzip2 FILE)"),
    (b"\x04\x22\x4d\x18", "lz4 (unlz4 FILE)"),
    (b"LZIP", "lzip (lzip -d FILE)"),
    (b"\x1f\x9d", "compress (uncompress FILE)"),
    (b"PK\x03\x04", "zip (unzip FILE)"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip (7z x FILE)"),
    (
        b"age-encryption.org/",
        "age, which has encrypted it (age -d FILE)",
    ),
];

type Layer<'a> = BufReader<Box<dyn Read + 'a>>;

/// The lines of a backup. A backup that was compressed again, or decompressed, is one, too.
///
/// # Errors
/// What the file is instead.
pub fn open<'a>(file: impl BufRead + 'a) -> Result<Layer<'a>, String> {
    let mut inner: Layer<'a> = BufReader::with_capacity(64 << 10, Box::new(file));
    let mut is_ours = true;
    for _ in 0..LAYERS {
        let head = begin(&mut inner);
        let head = head.map_err(|e| format!("the file is damaged or cut off here ({e})"))?;
        inner = BufReader::new(Box::new(io::Cursor::new(head.clone()).chain(inner)));
        if !head.starts_with(&GZIP) {
            return plain(&head, is_ours).map(|()| inner);
        }
        is_ours = head.starts_with(&GZIP_HEAD);
        inner = BufReader::with_capacity(64 << 10, Box::new(Gunzip(GzDecoder::new(inner))));
    }
    Err(format!(
        "it is compressed more than {} times: decompress it first",
        LAYERS - 1
    ))
}

/// Whether the first line begins here.
fn plain(head: &[u8], is_ours: bool) -> Result<(), String> {
    if let Some((_, by)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(format!("it is packed by {by}: unpack it first"));
    }
    if head.is_empty() {
        return Err("it is empty".to_owned());
    }
    // Text without our gzip is checked by its digests.
    match (head.starts_with(PLAIN), is_ours) {
        (true, true) => Ok(()),
        (true, false) => Err(
            "another program has decompressed and compressed this backup, or the first bytes are damaged: \
             `gunzip -c FILE | qr-observatory restore -` reads it if only those are"
                .to_owned(),
        ),
        (false, _) => Err("it is no backup of ours".to_owned()),
    }
}

/// As much as it takes to know what this is; a pipe gives less at once.
fn begin(inner: &mut Layer<'_>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    inner.take(PLAIN.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// One member, and then nothing.
struct Gunzip<'a>(GzDecoder<Layer<'a>>);

impl Read for Gunzip<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(into)?;
        if n == 0 && !into.is_empty() && !self.0.get_mut().fill_buf()?.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "something follows the end",
            ));
        }
        Ok(n)
    }
}
