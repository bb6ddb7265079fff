//! Rust source as tokens: comments gone, string contents set aside, every token with its line. Enough to find
//! paths, functions and types without a parser of the whole language.

/// A token of interest. Whatever is not a name, a string or `::` is one character of punctuation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Name(String),
    /// The contents of a string literal, escapes as written.
    Text(String),
    /// `::`
    Path,
    Punct(char),
}

#[derive(Clone, Debug)]
pub struct Token {
    pub kind: Kind,
    /// Counted from 1.
    pub line: usize,
}

impl Token {
    pub fn is(&self, c: char) -> bool {
        self.kind == Kind::Punct(c)
    }

    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// One file.
pub struct Source {
    /// Relative to the project, with `/`.
    pub path: String,
    pub tokens: Vec<Token>,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            tokens: tokens(text),
            text: text.to_owned(),
        }
    }

    /// The module that the file is, as seen from the crate: `src/http/api/mod.rs` is `[http, api]`.
    pub fn module(&self) -> Vec<&str> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let mut parts: Vec<&str> = inner.split('/').collect();
        if parts.last() == Some(&"mod") {
            parts.pop();
        }
        parts
    }

    /// Index of the token that closes the bracket opened at `open`.
    pub fn closing(&self, open: usize) -> usize {
        let mut depth = 0usize;
        for (i, token) in self.tokens.iter().enumerate().skip(open) {
            match token.kind {
                Kind::Punct('(' | '[' | '{') => depth += 1,
                Kind::Punct(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 {
                return i;
            }
        }
        self.tokens.len() - 1
    }

    /// Lines in `first..=last` that hold code: not blank, not only a comment.
    pub fn code_lines(&self, first: usize, last: usize) -> usize {
        let mut lines = std::collections::BTreeSet::new();
        for token in &self.tokens {
            // A string literal may span lines; all of them are code.
            let span = match &token.kind {
                Kind::Text(text) => text.matches('\n').count(),
                _ => 0,
            };
            lines.extend(token.line..=token.line + span);
        }
        lines.range(first..=last).count()
    }

    /// First and last line of every item under `#[cfg(test)]`.
    pub fn test_items(&self) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut i = 0;
        while i + 6 < self.tokens.len() {
            let t = &self.tokens[i..];
            let marked = t[0].is('#')
                && t[1].is('[')
                && t[2].name() == Some("cfg")
                && t[3].is('(')
                && t[4].name() == Some("test")
                && t[5].is(')');
            if !marked {
                i += 1;
                continue;
            }
            let body = (i + 7..self.tokens.len())
                .find(|&j| self.tokens[j].is('{') || self.tokens[j].is(';'))
                .unwrap_or(self.tokens.len() - 1);
            let end = if self.tokens[body].is('{') {
                self.closing(body)
            } else {
                body
            };
            found.push((t[0].line, self.tokens[end].line));
            i = end;
        }
        found
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut scanner = Scanner {
        chars: text.chars().collect(),
        at: 0,
        line: 1,
        out: Vec::new(),
    };
    while scanner.at < scanner.chars.len() {
        scanner.step();
    }
    scanner.out
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    out: Vec<Token>,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn bump(&mut self) -> char {
        let c = self.peek(0);
        self.line += usize::from(c == '\n');
        self.at += 1;
        c
    }

    fn push(&mut self, kind: Kind, line: usize) {
        self.out.push(Token { kind, line });
    }

    fn step(&mut self) {
        let line = self.line;
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while self.at < self.chars.len() && self.peek(0) != '\n' {
                    self.bump();
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(line),
            ('\'', _) => self.char_or_lifetime(),
            (':', ':') => {
                self.at += 2;
                self.push(Kind::Path, line);
            }
            (c, _) if c.is_alphanumeric() || c == '_' => self.name(line),
            (c, _) => {
                self.bump();
                if !c.is_whitespace() {
                    self.push(Kind::Punct(c), line);
                }
            }
        }
    }

    /// They nest in Rust.
    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.bump();
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self, line: usize) {
        self.bump();
        let mut text = String::new();
        while self.at < self.chars.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                text.push(self.bump());
            }
            text.push(self.bump());
        }
        self.bump();
        self.push(Kind::Text(text), line);
    }

    /// `at` is behind the `r`.
    fn raw_string(&mut self, line: usize) {
        let mut fence = String::from("\"");
        while self.peek(0) == '#' {
            fence.push(self.bump());
        }
        self.bump();
        let fence: Vec<char> = fence.chars().collect();
        let mut text = String::new();
        while self.at < self.chars.len() && !self.chars[self.at..].starts_with(&fence) {
            text.push(self.bump());
        }
        self.at += fence.len();
        self.push(Kind::Text(text), line);
    }

    fn char_or_lifetime(&mut self) {
        self.bump();
        if self.peek(0) == '\\' {
            self.at += 2;
            while self.at < self.chars.len() && self.bump() != '\'' {}
        } else if self.peek(1) == '\'' {
            self.bump();
            self.bump();
        }
        // Otherwise a lifetime: its name is read as a name, which no rule mistakes for a path.
    }

    fn name(&mut self, line: usize) {
        let mut name = String::new();
        while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
            name.push(self.bump());
        }
        let raw = matches!(name.as_str(), "r" | "br" | "cr");
        let fenced = raw && self.peek(0) == '#' && matches!(self.peek(1), '"' | '#');
        if fenced || (raw && self.peek(0) == '"') {
            self.raw_string(line);
        } else if matches!(name.as_str(), "b" | "c") && self.peek(0) == '"' {
            self.string(line);
        } else if name == "b" && self.peek(0) == '\'' {
            self.char_or_lifetime();
        } else {
            self.push(Kind::Name(name), line);
        }
    }
}
