// Lines over an axis, as SVG; the figures stand in a table beside it.
import { h } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 260;
const LEFT = 56;
const BOTTOM = 46;
const TOP = 12;
const RIGHT = 26;

function s(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A number not below `value` of which a quarter is round, for the end of an axis. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].find((one) => one * power >= value * 0.999) * power;
}

/**
 * `series` are {name, points: [{x, y, low, high}]}; x are numbers, told by `xText`.
 * `top`: the end of the y axis; `straight`: also draw the line of equal chances; `whiskers`: intervals as lines, not bands; `span`: the x axis.
 */
export function lines(title, series, { xText = String, yText = String, xTitle = "", top, straight = false, whiskers = false, ticks = 6, span } = {}) {
  const width = innerWidth < 620 ? 380 : 760; // letters keep their size
  const all = series.flatMap((one) => one.points);
  const [first, last] = span ?? [Math.min(...all.map((one) => one.x)), Math.max(...all.map((one) => one.x))];
  const highest = top ?? roundUp(Math.max(...all.map((one) => one.high ?? one.y)));
  const x = (value) => LEFT + ((value - first) / (last - first || 1)) * (width - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - (Math.min(value, highest) / highest) * (HEIGHT - BOTTOM - TOP);
  const drawn = s("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, class: "chart", role: "img", "aria-label": title });
  for (let step = 0; step <= 4; step += 1) {
    const value = (highest * step) / 4;
    drawn.append(s("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: step ? "rule" : "axis" }),
      s("text", { x: LEFT - 8, y: y(value) + 4, class: "left" }, yText(value)));
  }
  const places = span ? [0, 0.25, 0.5, 0.75, 1].map((share) => first + share * (last - first)) : [...new Set(all.map((one) => one.x))].sort((a, b) => a - b);
  const stride = Math.max(1, Math.ceil(places.length / (innerWidth < 620 ? Math.min(ticks, 6) : ticks)));
  places.filter((_, at) => at % stride === 0).forEach((place) => drawn.append(s("text", { x: x(place), y: HEIGHT - 26, class: "under" }, xText(place))));
  if (xTitle) drawn.append(s("text", { x: width - RIGHT, y: HEIGHT - 6, class: "end" }, xTitle));
  if (straight) drawn.append(s("line", { x1: x(first), y1: y(0), x2: x(last), y2: y(highest), class: "straight" }));
  series.forEach((one, at) => draw(drawn, one, at, (value) => x(value) + (whiskers ? (at - (series.length - 1) / 2) * 7 : 0), y, whiskers));
  const key = series.length > 1 ? h("ul", { class: "key" }, series.map((one, at) => h("li", { class: `series-${at % 6}` }, one.name))) : null;
  return h("figure", { class: "plot" }, drawn, key);
}

function draw(drawn, { name, points }, at, x, y, whiskers) {
  const group = s("g", { class: `series-${at % 6}` });
  if (whiskers) {
    for (const one of points.filter((each) => each.low !== null)) group.append(s("line", { x1: x(one.x), x2: x(one.x), y1: y(one.low), y2: y(one.high), class: "whisker" }));
  } else if (points.length > 1 && points.every((one) => one.low !== undefined && one.low !== null)) {
    const edge = [...points.map((one) => `${x(one.x)},${y(one.high)}`), ...points.toReversed().map((one) => `${x(one.x)},${y(one.low)}`)];
    group.append(s("polygon", { points: edge.join(" "), class: "band" }));
  }
  group.append(s("polyline", { points: points.map((one) => `${x(one.x)},${y(one.y)}`).join(" ") }));
  for (const one of points) group.append(s("circle", { cx: x(one.x), cy: y(one.y), r: points.length > 40 ? 1.5 : 3 }, s("title", {}, `${name}: ${one.says ?? one.y}`)));
  drawn.append(group);
}

/**
 * A small chart of counts over time: `points` are {x, y, bad, says}; `bad` of `y` is drawn in the colour of what is wrong.
 */
export function bars(title, points, { xText = String, yText = String, top } = {}) {
  const width = 400;
  const height = 150;
  const [left, under] = [44, 24];
  const highest = top ?? Math.max(4, roundUp(Math.max(...points.map((one) => one.y))));
  const step = (width - left - 6) / points.length;
  const y = (value) => height - under - (Math.min(value, highest) / highest) * (height - under - 8);
  const drawn = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": title });
  for (const part of [0, 0.5, 1]) {
    drawn.append(s("line", { x1: left, x2: width - 6, y1: y(part * highest), y2: y(part * highest), class: part ? "rule" : "axis" }),
      s("text", { x: left - 7, y: y(part * highest) + 4, class: "left" }, yText(part * highest)));
  }
  points.forEach((one, at) => {
    const place = { x: left + at * step + step * 0.1, width: step * 0.8 };
    const column = s("g", {}, s("title", {}, one.says));
    column.append(s("rect", { ...place, y: 0, height: height - under, class: "touch" }));
    if (one.y) column.append(s("rect", { ...place, y: y(one.y), height: Math.max(1, y(0) - y(one.y)), class: "column" }));
    if (one.bad) column.append(s("rect", { ...place, y: Math.min(y(one.bad), y(0) - 3), height: Math.max(3, y(0) - y(one.bad)), class: "column bad" }));
    drawn.append(column);
  });
  for (const [at, kind] of [[0, "start"], [Math.floor((points.length - 1) / 2), "under"], [points.length - 1, "end"]]) {
    const x = kind === "start" ? left : kind === "end" ? width - 6 : left + (at + 0.5) * step;
    drawn.append(s("text", { x, y: height - 6, class: kind }, xText(points[at].x)));
  }
  return h("figure", { class: "plot" }, drawn);
}

/** Where the time goes: one line per row, {name, total, parts: [{name, value}]}, as long as it takes; the same colour, the same part. */
export function stacks(rows, valueText) {
  const names = [...new Set(rows.flatMap((row) => row.parts.map((one) => one.name)))];
  const longest = Math.max(...rows.map((row) => row.total));
  return h("figure", { class: "stacks" }, rows.map((row) => h("div", { class: "stack-row" }, h("span", {}, row.name),
    h("span", { class: "stack" }, row.parts.map((one) => h("i", { class: `series-${names.indexOf(one.name) % 8}`, "--share": `${(one.value / longest) * 100}%`, title: `${one.name}: ${valueText(one.value)}` }))),
    h("b", {}, valueText(row.total)))),
  h("ul", { class: "key" }, names.map((name, at) => h("li", { class: `series-${at % 8}` }, name))));
}
