// Who may know whom: which rooms of src/ a room may name, and which libraries belong to one room alone.
// Usage: node .ci/rooms.mjs [ROOT]. Lists every breach as file:line and exits 1.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const BASE = ["model", "geometry"];
const KNOWS = {
  model: [],
  geometry: ["model"],
  city: BASE,
  import: BASE,
  plan: BASE,
  store: BASE,
  index: BASE,
  tile: [...BASE, "index"],
  export: [...BASE, "index"],
  render: BASE,
  backdrop: [...BASE, "tile"],
  // It runs the desk's commands and plannings.
  serve: [...BASE, "plan", "store", "index", "tile", "export", "backdrop"],
  command: ["model", "geometry", "city", "import", "plan", "store", "index", "tile", "export", "render", "backdrop", "serve"],
};
// A library that only one room names, so that it can be replaced there.
const OWNED = { sqlx: ["store"], rusqlite: ["store"], notify: ["store"], axum: ["serve"], resvg: ["render"], png: ["render", "backdrop"], hyper_util: ["backdrop"] };

/** Blanks out comments, keeping line numbers, so that documentation may name any room. */
export function withoutComments(text) {
  const blank = (match) => match.replace(/[^\n]/g, " ");
  // Strings first, so that a "//" inside one does not start a comment.
  return text.replace(/r#"[\s\S]*?"#|"(?:\\[\s\S]|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (m) => (m.startsWith("/") ? blank(m) : m));
}

/** The rooms that a text names after `crate::` or `wangge::`, with their offsets. Groups `{a::x, b::{y}}` count each head. */
export function roomsNamed(text) {
  const found = [];
  for (const match of text.matchAll(/\b(?:crate|wangge)\s*::\s*(\{|[a-z_]+)/g)) {
    if (match[1] !== "{") {
      found.push([match[1], match.index]);
      continue;
    }
    let depth = 0;
    let head = true;
    for (let i = match.index + match[0].length - 1; i < text.length; i++) {
      if (text[i] === "{") head = ++depth === 1;
      else if (text[i] === "}") {
        if (--depth === 0) break;
      } else if (text[i] === "," && depth === 1) head = true;
      else if (head && /[a-z_]/.test(text[i])) {
        const name = /^[a-z_]+/.exec(text.slice(i))[0];
        found.push([name, i]);
        head = false;
        i += name.length - 1;
      }
    }
  }
  return found;
}

/** Every breach in one file of a room. */
export function breaches(room, text) {
  const code = withoutComments(text);
  const line = (offset) => code.slice(0, offset).split("\n").length;
  const allowed = KNOWS[room];
  if (!allowed) return [[1, `room ${room} is not in the table of .ci/rooms.mjs`]];
  const found = roomsNamed(code)
    .filter(([name]) => name in KNOWS && name !== room && !allowed.includes(name))
    .map(([name, offset]) => [line(offset), `${room} may not know ${name}`]);
  for (const [library, rooms] of Object.entries(OWNED)) {
    if (rooms.includes(room)) continue;
    for (const match of code.matchAll(new RegExp(`\\b${library}\\s*::`, "g"))) {
      found.push([line(match.index), `only ${rooms.join(", ")} may name ${library}`]);
    }
  }
  return found;
}

function* rustFiles(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* rustFiles(path);
    else if (name.endsWith(".rs")) yield path;
  }
}

/** The rule must be able to fail: known breaches are found, known good text is not. */
function selfTest() {
  const bad = [
    ["model", "use crate::geometry::distance_m;"],
    ["plan", "use crate::{model::{Code, Plan}, store::Store};"],
    ["tile", "fn f(x: crate::serve::State) {}"],
    ["import", "use sqlx::Row;"],
    ["index", "use\n  axum::Router;"],
  ];
  const good = [
    ["geometry", "use crate::{model::{Code, plan}};"],
    ["model", "/// See `crate::index`.\nuse super::Code; // crate::serve"],
    ["store", "use sqlx::Row; use crate::model::World;"],
    ["tile", 'const URL: &str = "http://x"; use crate::index::Snapshot;'],
  ];
  for (const [room, text] of bad) if (breaches(room, text).length === 0) throw new Error(`rooms: no breach found in ${text}`);
  for (const [room, text] of good) if (breaches(room, text).length > 0) throw new Error(`rooms: breach found in ${text}`);
}

selfTest();
const root = process.argv[2] ?? ".";
const source = join(root, "src");
let failed = 0;
let files = 0;
for (const path of rustFiles(source)) {
  const parts = relative(source, path).split(/[\\/]/);
  if (parts[0] === "lib.rs") continue;
  const room = parts[0] === "main.rs" ? "command" : parts[0].replace(/\.rs$/, "");
  files++;
  for (const [line, reason] of breaches(room, readFileSync(path, "utf8"))) {
    console.error(`${path}:${line}: ${reason}`);
    failed++;
  }
}
console.log(`who may know whom: ${files} files, ${failed} breaches`);
process.exit(failed ? 1 : 0);
