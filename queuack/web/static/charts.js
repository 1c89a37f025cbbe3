// Charts of query results as inline SVG: bars, line, histogram. Values and words in, an element out.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 800;
const HEIGHT = 280;
const LEFT = 56;
const BELOW = 34;
const MOST_BARS = 60;

function element(name, attributes, words) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (words !== undefined) {
    if (name === "text") made.textContent = words;
    else made.append(element("title", {})), (made.firstChild.textContent = words);
  }
  return made;
}

export function short(number) {
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (size >= 1e5 || size < 1e-3) return number.toExponential(1);
  return String(Number(number.toPrecision(4)));
}

// Round steps for an axis from low to high.
function ticks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(at);
  return found;
}

function frame(name, low, high) {
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": name });
  const y = (value) => HEIGHT - BELOW - ((value - low) / (high - low || 1)) * (HEIGHT - BELOW - 12);
  for (const at of ticks(low, high)) {
    svg.append(element("line", { x1: LEFT, x2: WIDTH, y1: y(at), y2: y(at), class: "rule" }));
    svg.append(element("text", { x: LEFT - 8, y: y(at) + 4, "text-anchor": "end" }, short(at)));
  }
  return [svg, y];
}

// Words below, only as many as have room.
function below(svg, words, x) {
  const every = Math.ceil(words.length / 8);
  words.forEach((word, index) => {
    if (index % every) return;
    const text = word.length > 14 ? `${word.slice(0, 13)}…` : word;
    svg.append(element("text", { x: x(index), y: HEIGHT - 12, "text-anchor": "middle" }, text));
  });
}

export function bars(values, words, name) {
  const shown = values.slice(0, MOST_BARS);
  const [svg, y] = frame(name, Math.min(0, ...shown), Math.max(0, ...shown) || 1);
  const step = (WIDTH - LEFT) / shown.length;
  shown.forEach((value, index) => {
    const top = Math.min(y(value), y(0));
    const tall = value === 0 ? 0 : Math.max(1, Math.abs(y(value) - y(0)));
    const place = { x: LEFT + index * step + step * 0.1, y: top, width: step * 0.8, height: tall, rx: 2, class: "col strong" };
    svg.append(element("rect", place, `${words[index]}: ${short(value)}`));
  });
  below(svg, words.slice(0, MOST_BARS), (index) => LEFT + (index + 0.5) * step);
  return svg;
}

export function line(values, words, name) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const [svg, y] = frame(name, low > 0 && low < high / 2 ? 0 : low, high === low ? low + 1 : high);
  const x = (index) => LEFT + 6 + (index * (WIDTH - LEFT - 12)) / Math.max(1, values.length - 1);
  svg.append(element("polyline", { class: "line", points: values.map((value, index) => `${x(index)},${y(value)}`).join(" ") }));
  if (values.length <= 200) {
    values.forEach((value, index) => {
      svg.append(element("path", { d: `M${x(index)} ${y(value)}h0`, class: "dot plain" }, `${words[index]}: ${short(value)}`));
    });
  }
  below(svg, words, x);
  return svg;
}

export function histogram(values, name) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const count = high === low ? 1 : Math.min(40, Math.max(5, Math.ceil(Math.log2(values.length) + 1)));
  const width = (high - low || 1) / count;
  const tally = new Array(count).fill(0);
  for (const value of values) tally[Math.min(count - 1, Math.floor((value - low) / width))] += 1;
  const words = tally.map((_, index) => `${short(low + index * width)}–${short(low + (index + 1) * width)}`);
  return bars(tally, words, name);
}
