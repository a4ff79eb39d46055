// The messenger's own marks: *bold* _italic_ ~strike~ `code` and ```blocks```, plus http(s) links.
// `tokenise` returns nested segments: a string, {tag, children} or {href, text}; every character is looked at a bounded
// number of times. Whoever paints them makes text nodes of the strings, so nothing a person wrote becomes HTML.
const MARKS = { "*": "strong", _: "em", "~": "s", "`": "code" };
export const LINK = { target: "_blank", rel: "noopener noreferrer nofollow" };
const WORD = /[\p{L}\p{N}]/u;

export function tokenise(text) {
  const out = [];
  let from = 0;
  for (;;) {
    const open = text.indexOf("```", from);
    const close = open < 0 ? -1 : text.indexOf("```", open + 3);
    if (close < 0) break;
    if (close > open + 3) {
      inline(text.slice(from, open), out);
      out.push({ tag: "pre", children: [text.slice(open + 3, close).replace(/^\n/, "")] });
    } else {
      inline(text.slice(from, close + 3), out);
    }
    from = close + 3;
  }
  inline(text.slice(from), out);
  return out;
}

function inline(text, out) {
  const lines = text.split("\n");
  lines.forEach((line, n) => {
    if (n) out.push("\n");
    span(line, "", out);
  });
}

// One line (marks do not reach across lines). `inside` holds the marks already open, so nesting is at most four deep.
function span(line, inside, out) {
  const links = findLinks(line);
  const next = closers(line, links, inside);
  let plain = 0;
  const flush = (end) => end > plain && out.push(line.slice(plain, end));
  for (let i = 0; i < line.length; i += 1) {
    if (links.has(i)) {
      const link = links.get(i);
      flush(i);
      out.push({ href: link.href, text: line.slice(i, link.end) });
      plain = link.end;
      i = link.end - 1;
      continue;
    }
    const mark = line[i];
    if (!next[mark] || (i > 0 && WORD.test(line[i - 1])) || !line[i + 1] || line[i + 1] === " " || line[i + 1] === mark) continue;
    const end = next[mark][i + 2];
    if (end === undefined || end < 0) continue;
    flush(i);
    const children = [];
    if (mark === "`") children.push(line.slice(i + 1, end));
    else span(line.slice(i + 1, end), inside + mark, children);
    out.push({ tag: MARKS[mark], children });
    plain = end + 1;
    i = end;
  }
  flush(line.length);
}

// For every mark and position: where the next valid closing mark stands, or -1.
function closers(line, links, inside) {
  const linked = new Uint8Array(line.length);
  for (const [start, link] of links) linked.fill(1, start, link.end);
  const next = {};
  for (const mark of Object.keys(MARKS)) {
    if (inside.includes(mark) || !line.includes(mark)) continue;
    const at = new Int32Array(line.length + 3).fill(-1);
    for (let i = line.length - 1; i >= 0; i -= 1) {
      const closes = line[i] === mark && !linked[i] && i > 0 && line[i - 1] !== " " && !(line[i + 1] && WORD.test(line[i + 1]));
      at[i] = closes ? i : at[i + 1];
    }
    next[mark] = at;
  }
  return next;
}

function findLinks(line) {
  const links = new Map();
  let from = 0;
  for (;;) {
    const start = line.indexOf("http", from);
    if (start < 0) return links;
    from = start + 4;
    const scheme = line.startsWith("https://", start) ? 8 : line.startsWith("http://", start) ? 7 : 0;
    if (!scheme || (start > 0 && WORD.test(line[start - 1]))) continue;
    let end = start;
    let depth = 0; // brackets belong to the address only in pairs
    for (; end < line.length && !/[\s<>"]/.test(line[end]); end += 1) {
      if (line[end] === "(") depth += 1;
      else if (line[end] === ")" && (depth -= 1) < 0) break;
    }
    from = Math.max(from, end);
    while (end > start && ".,;:!?'*_~`".includes(line[end - 1])) end -= 1;
    if (end <= start + scheme) continue;
    try {
      const url = new URL(line.slice(start, end));
      if (url.protocol === "http:" || url.protocol === "https:") links.set(start, { end, href: url.href });
    } catch {
      continue; // no address after all: it stays text
    }
  }
}

// Paint a text where there is no Vue.
export function paint(target, text) {
  target.replaceChildren(...tokenise(text).map(node));
}

function node(part) {
  if (typeof part === "string") return document.createTextNode(part);
  const made = document.createElement(part.href ? "a" : part.tag);
  if (part.href) Object.assign(made, { ...LINK, href: part.href, textContent: part.text });
  else made.append(...part.children.map(node));
  return made;
}
