//! The images that tools write.
//!
//! Invariant: square, eight bits per channel.

/// Pixels of `channels` bytes.
pub struct Image {
    pub width: usize,
    channels: usize,
    bytes: Vec<u8>,
}

impl Image {
    pub fn png(file: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgba);
        Self {
            width: info.width as usize,
            channels: 4,
            bytes,
        }
    }

    /// PPM, or PAM of four channels: a header of words, then the pixels.
    pub fn netpbm(file: &[u8]) -> Self {
        let (channels, end) = if file.starts_with(b"P7") {
            let marker = b"ENDHDR\n";
            let at = file
                .windows(marker.len())
                .position(|window| window == marker);
            (4, at.unwrap() + marker.len())
        } else {
            // P6, comments, width and height, 255.
            let mut lines = 0;
            let mut start = 0;
            while lines < 3 {
                let line = file[start..]
                    .iter()
                    .position(|&byte| byte == b'\n')
                    .unwrap();
                lines += usize::from(file[start] != b'#');
                start += line + 1;
            }
            (3, start)
        };
        let bytes = file[end..].to_vec();
        let width = (bytes.len() / channels).isqrt();
        assert_eq!(width * width * channels, bytes.len(), "not a square");
        Self {
            width,
            channels,
            bytes,
        }
    }

    pub fn pixel(&self, x: usize, y: usize) -> &[u8] {
        let at = (y * self.width + x) * self.channels;
        &self.bytes[at..at + self.channels]
    }
}
