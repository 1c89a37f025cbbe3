// Line numbers and a little colour for Python; without it the text is the same.
const TOKEN = /("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(#[^\n]*)|(^[ \t]*@[\w.]+)|\b(and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|None|nonlocal|not|or|pass|raise|return|True|False|try|while|with|yield|match|case)\b/gm;
const KINDS = ["s", "c", "d", "k"];

const place = document.getElementById("code");
if (place && place.textContent.length < 400_000) {
  const text = place.textContent;
  const made = document.createDocumentFragment();
  let number = 0;
  let fresh = true;
  const put = (piece, kind) => {
    for (const line of piece.split(/(?<=\n)/)) {
      if (fresh) {
        const label = made.appendChild(document.createElement("span"));
        label.className = "n";
        label.textContent = ++number;
        label.setAttribute("aria-hidden", "true");
      }
      if (kind) {
        const span = made.appendChild(document.createElement("span"));
        span.className = kind;
        span.textContent = line;
      } else made.append(line);
      fresh = line.endsWith("\n");
    }
  };
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > at) put(text.slice(at, match.index));
    put(match[0], KINDS[match.slice(1).findIndex((group) => group !== undefined)]);
    at = match.index + match[0].length;
  }
  if (at < text.length) put(text.slice(at));
  place.replaceChildren(made);
}
