//! Tables for spreadsheets: UTF-8 that Excel opens in Chinese, and no cell that a spreadsheet would compute.
//!
//! A name that somebody typed may begin like a formula; such a cell gets an apostrophe before it, which a
//! spreadsheet takes as "this is text". Not here: what stands in a table (`routes::readings`).

/// By this a spreadsheet knows that the file is UTF-8.
const MARK: &str = "\u{feff}";

/// A table that grows by rows.
#[derive(Debug)]
pub struct Table(String);

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Words, whatever they begin with.
    Text(&'a str),
    /// A number, with one digit behind the point where it has any.
    Number(f32),
    /// Nothing.
    Empty,
}

impl Table {
    /// A table with these headings.
    pub fn new(heads: &[&str]) -> Self {
        let mut table = Self(MARK.to_owned());
        table.row(&heads.iter().map(|head| Cell::Text(head)).collect::<Vec<_>>());
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[Cell<'_>]) {
        for (n, cell) in cells.iter().enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            match cell {
                Cell::Text(text) => self.text(text),
                Cell::Number(number) if number.fract() == 0.0 => {
                    self.0.push_str(&format!("{number:.0}"));
                }
                Cell::Number(number) => self.0.push_str(&format!("{number:.1}")),
                Cell::Empty => {}
            }
        }
        self.0.push_str("\r\n");
    }

    fn text(&mut self, text: &str) {
        self.0.push('"');
        // Blanks before it do not keep every spreadsheet from computing.
        let first = text.chars().find(|c| !c.is_whitespace());
        let computes = first.is_some_and(|c| "=+-@＝＋－＠".contains(c))
            || text.starts_with(['\t', '\r', '\n']);
        if computes {
            self.0.push('\'');
        }
        self.0.push_str(&text.replace('"', "\"\""));
        self.0.push('"');
    }

    /// The file.
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut table = Table(String::new());
        table.row(&[Cell::Text(text)]);
        table.into_text().trim_end_matches("\r\n").to_owned()
    }

    #[test]
    fn a_spreadsheet_knows_the_writing_and_the_end_of_a_row() {
        let mut table = Table::new(&["时间", "数值"]);
        table.row(&[Cell::Text("客厅，南"), Cell::Number(15.25)]);
        table.row(&[Cell::Empty, Cell::Number(-63.0)]);
        let text = table.into_text();
        assert_eq!(text.as_bytes()[..3], [0xEF, 0xBB, 0xBF]);
        assert_eq!(&text[3..], "\"时间\",\"数值\"\r\n\"客厅，南\",15.2\r\n,-63\r\n");
    }

    #[test]
    fn no_name_is_a_formula() {
        for name in ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", " =cmd|'/c calc'!A1", "＝1", "\r=1"]
        {
            assert!(cell(name).starts_with("\"'"), "{name:?} is computed");
        }
        assert_eq!(cell("3号楼 502室"), "\"3号楼 502室\"");
        assert_eq!(cell("a \"b\""), "\"a \"\"b\"\"\"");
    }
}
