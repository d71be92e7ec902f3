//! Circles inside a floor: files, and rooms (folders), that name each other in a loop.
//!
//! A path tells what a file needs: `super::`, `crate::` and, in a face (`mod.rs`), the names of its
//! own files. Test modules may name what they like. What a method call needs is not seen.

use super::source::{Source, all};
use std::collections::{BTreeMap, BTreeSet};

/// Floors with files in circles still, and how many: numbers that only get smaller.
const LEFT: [(&str, usize); 6] =
    [("runtime", 0), ("sys", 21), ("driver", 2), ("resource", 2), ("op", 12), ("ffi", 42)];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Circles of the floors in which there are more than were left.
pub fn circles() -> Vec<String> {
    let sources = all();
    let more = |(floor, most): &(&str, usize)| in_circles(floor, &sources) > *most;
    let floors = LEFT.iter().filter(|floor| more(floor));
    floors.flat_map(|(floor, _)| circles_in(floor, &sources)).collect()
}

/// How many files of a floor are in circles, or rooms where that is more.
fn in_circles(floor: &str, sources: &[Source]) -> usize {
    let count = |graph: Graph| loops(&graph).iter().map(Vec::len).sum::<usize>();
    count(graph_of(floor, sources)).max(count(rooms_of(floor, sources)))
}

fn circles_in(floor: &str, sources: &[Source]) -> Vec<String> {
    let (files, rooms) = (graph_of(floor, sources), rooms_of(floor, sources));
    let told = |graph: &Graph| loops(graph).iter().map(|all| told(all, graph)).collect::<Vec<_>>();
    [told(&files), told(&rooms)].concat()
}

/// What the folders of a floor, and the files beside them, name of each other.
fn rooms_of(floor: &str, sources: &[Source]) -> Graph {
    let mut rooms = Graph::new();
    for (from, names) in graph_of(floor, sources) {
        let room = room_of(floor, &from);
        let others = names.iter().map(|name| room_of(floor, name)).filter(|name| *name != room);
        rooms.entry(room.clone()).or_default().extend(others);
    }
    rooms
}

/// The folder inside the floor that a file is in, or the file itself.
fn room_of(floor: &str, path: &str) -> String {
    let inner = path.strip_prefix(&format!("src/{floor}/")).unwrap_or(path);
    inner.split_once('/').map_or(path.to_owned(), |(room, _)| format!("src/{floor}/{room}/"))
}

/// The files of a floor, and what each names of the others.
fn graph_of(floor: &str, sources: &[Source]) -> Graph {
    let folder = format!("src/{floor}/");
    let own = || sources.iter().filter(|it| it.path.starts_with(&folder) && it.ending() == "rs");
    let files: BTreeMap<String, String> =
        own().map(|source| (module_of(&source.path), source.path.clone())).collect();
    let mut graph = Graph::new();
    for source in own() {
        let named = paths_of(source).into_iter().filter_map(|path| file_of(&path, &files));
        let others = named.filter(|path| *path != source.path);
        graph.insert(source.path.clone(), others.collect());
    }
    graph
}

/// `src/runtime/tls/mod.rs` is `runtime::tls`.
fn module_of(path: &str) -> String {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    inner.trim_end_matches("/mod").replace('/', "::")
}

/// The file that a path leads to: that of the longest beginning that is a module.
fn file_of(path: &str, files: &BTreeMap<String, String>) -> Option<String> {
    let mut module = path;
    loop {
        if let Some(file) = files.get(module) {
            return Some(file.clone());
        }
        module = module.rsplit_once("::")?.0;
    }
}

/// The paths from the root that a file names outside its tests.
fn paths_of(source: &Source) -> Vec<String> {
    let code = source.code();
    let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let module = module_of(&source.path);
    let is_face = source.path.ends_with("/mod.rs");
    let mut paths = Vec::new();
    for statement in code.split(';') {
        let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((before, list)) = words.split_once("use ") {
            let uses = before.is_empty() || before.ends_with([' ', ')', ']']) || before == "pub ";
            if uses && !list.contains('(') {
                paths.extend(leaves(list).iter().map(|leaf| rooted(leaf, &module, is_face)));
                continue;
            }
        }
        paths.extend(inline(&words).iter().map(|path| rooted(path, &module, is_face)));
    }
    paths
}

/// The paths in a list of `use`: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn leaves(list: &str) -> Vec<String> {
    let Some((head, rest)) = list.split_once('{') else { return vec![list.replace(' ', "")] };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut item, mut found) = (0, String::new(), Vec::new());
    for c in inner.chars().chain([',']) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            let leaf = core::mem::take(&mut item);
            found.extend(leaves(leaf.trim()).iter().map(|leaf| format!("{}{leaf}", head.trim())));
        } else {
            item.push(c);
        }
    }
    found
}

/// Paths inside other code that begin at the root or above.
fn inline(code: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(|c| !is_path(c))
        .filter(|word| word.starts_with("crate::") || word.starts_with("super::"))
        .map(str::to_owned)
        .collect()
}

/// A path from the root, as a module names it.
fn rooted(path: &str, module: &str, is_face: bool) -> String {
    let (mut base, mut rest) = (module, path);
    while let Some(above) = rest.strip_prefix("super::") {
        base = base.rsplit_once("::").map_or("", |(above, _)| above);
        rest = above;
    }
    match rest.strip_prefix("crate::") {
        Some(rest) => rest.to_owned(),
        None if rest.len() < path.len() => format!("{base}::{rest}"),
        // What a face names without a prefix is its own file, or another crate.
        None if is_face => format!("{module}::{}", rest.trim_start_matches("self::")),
        None => rest.to_owned(),
    }
}

/// Who is in each loop.
fn loops(graph: &Graph) -> BTreeSet<Vec<String>> {
    let reach: Graph = graph.keys().map(|from| (from.clone(), reached(from, graph))).collect();
    let together = |a: &str, b: &str| reach[a].contains(b) && reach[b].contains(a);
    let within = |from: &String| reach[from].contains(from);
    let all = |from: &String| graph.keys().filter(|other| together(from, other)).cloned().collect();
    graph.keys().filter(|from| within(from)).map(all).collect()
}

/// A finding: a loop, and what ties it.
fn told(all: &[String], graph: &Graph) -> String {
    let ties = all.iter().flat_map(|from| {
        let inside = graph[from].iter().filter(|to| all.contains(to));
        inside.map(move |to| format!("\n  {from} names {to}"))
    });
    format!("a circle of {}:{}", all.len(), ties.collect::<String>())
}

fn reached(from: &str, graph: &Graph) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = vec![from];
    while let Some(at) = next.pop() {
        for to in graph.get(at).into_iter().flatten() {
            if found.insert(to.clone()) {
                next.push(to);
            }
        }
    }
    found
}

/// Whether circles of files and of rooms are seen, and what is none is not.
pub fn notices() -> bool {
    let fake = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let count = |sources: &[Source]| circles_in("runtime", sources).len();
    let files = [
        fake("src/runtime/a.rs", "use super::b::{\n    self, B,\n};"),
        fake("src/runtime/b.rs", "fn c(_: crate::runtime::a::A) {}"),
    ];
    let rooms = [
        fake("src/runtime/x/a.rs", "use crate::runtime::y::b::B;"),
        fake("src/runtime/x/c.rs", ""),
        fake("src/runtime/y/b.rs", ""),
        fake("src/runtime/y/d.rs", "use crate::{error::E, runtime::{x::{c::C}}};"),
    ];
    let face = [
        fake("src/runtime/mod.rs", "mod a;\npub use a::A;\nuse std::sync::Arc;"),
        fake("src/runtime/a.rs", "use super::B;"),
    ];
    let none = [
        fake("src/runtime/mod.rs", "mod a;\npub use a::A;"),
        fake("src/runtime/a.rs", "use super::b::B;\n#[cfg(test)]\nmod tests { use super::C; }"),
        fake(
            "src/runtime/b.rs",
            "// super::a::A\n#[cfg(test)]\nmod tests { use super::super::a; }",
        ),
    ];
    count(&files) == 2 && count(&rooms) == 1 && count(&face) == 2 && count(&none) == 0
}
