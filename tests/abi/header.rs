//! Reads the generated header just far enough for the tests: records with their fields, and the
//! names of the functions. cbindgen writes one field per line, which is all this relies on.

use std::collections::BTreeSet;
use std::fmt::Write;

/// One struct of the header.
pub struct Record {
    /// Its name.
    pub name: String,
    /// Its fields, in order.
    pub fields: Vec<String>,
}

/// The text without comments and preprocessor lines.
fn bare(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        rest = after.find("*/").map_or("", |end| &after[end + 2..]);
    }
    out.push_str(rest);
    let lines = out.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Every struct with a body.
pub fn records(text: &str) -> Vec<Record> {
    let text = bare(text);
    let mut found = Vec::new();
    for part in text.split("typedef struct ").skip(1) {
        let Some((name, body)) = part.split_once('{') else { continue };
        if name.contains(';') {
            continue; // an opaque type; the brace belongs to what follows
        }
        let body = body.split('}').next().unwrap_or_default();
        let fields = body.split(';').map(field_name).filter(|name| !name.is_empty()).collect();
        found.push(Record { name: name.trim().to_owned(), fields });
    }
    found
}

/// The declared name: the last word before an array bound.
fn field_name(declaration: &str) -> String {
    let declaration = declaration.split('[').next().unwrap_or_default().trim();
    declaration.rsplit([' ', '*', '\n']).next().unwrap_or_default().to_owned()
}

/// A program that prints `C name offset size` as the compiler sees it, and `L name offset size` as
/// the library says it.
pub fn layout_program(records: &[Record]) -> String {
    let mut text = String::from(
        "/* layout, made by tests/abi */\n#include <stddef.h>\n#include <stdio.h>\n\
         #include \"ringline.h\"\nint main(void) {\n\
         static ringline_abi_field rows[2048];\nint32_t count, i;\n",
    );
    for Record { name, fields } in records {
        let _ = writeln!(text, "printf(\"C {name} 0 %zu\\n\", sizeof({name}));");
        for field in fields {
            let _ = writeln!(
                text,
                "printf(\"C {name}.{field} %zu %zu\\n\", offsetof({name}, {field}), \
                 sizeof((({name} *)0)->{field}));"
            );
        }
    }
    text.push_str(
        "count = ringline_abi_layout(rows, 2048);\n\
         if (count <= 0 || count > 2048) return 1;\n\
         for (i = 0; i < count; i++)\n\
         printf(\"L %s %u %u\\n\", (const char *)(uintptr_t)rows[i].name, rows[i].offset, \
         rows[i].size);\n\
         return 0;\n}\n",
    );
    text
}

/// Names of all functions that the header declares.
pub fn prototypes(text: &str) -> BTreeSet<String> {
    let text = bare(text);
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices('(') {
        let before = text[..at].trim_end();
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |i| i + 1);
        let name = &before[start..];
        if name.starts_with("ringline_") {
            found.insert(name.to_owned());
        }
    }
    found
}
