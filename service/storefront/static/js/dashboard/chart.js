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

/** A round number not below `value`, for the end of an axis. */
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((one) => one * power >= value * 0.999) * power;
}

/**
 * `series` are {name, points: [{x, y, low, high}]}; x are numbers, told by `xText`.
 * `top`: the end of the y axis; `straight`: also draw the line of equal chances.
 */
export function lines(title, series, { xText = String, yText = String, xTitle = "", top, straight = false, ticks = 6 } = {}) {
  const width = innerWidth < 620 ? 380 : 760; // letters keep their size
  const all = series.flatMap((one) => one.points);
  const [first, last] = [Math.min(...all.map((one) => one.x)), Math.max(...all.map((one) => one.x))];
  const highest = top ?? roundUp(Math.max(...all.map((one) => one.high ?? one.y)));
  const x = (value) => LEFT + ((value - first) / (last - first || 1)) * (width - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - (Math.min(value, highest) / highest) * (HEIGHT - BOTTOM - TOP);
  const drawn = s("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, class: "chart", role: "img", "aria-label": title });
  for (let step = 0; step <= 4; step += 1) {
    const value = (highest * step) / 4;
    drawn.append(s("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: step ? "rule" : "axis" }),
      s("text", { x: LEFT - 8, y: y(value) + 4, class: "left" }, yText(value)));
  }
  const places = [...new Set(all.map((one) => one.x))].sort((a, b) => a - b);
  const stride = Math.max(1, Math.ceil(places.length / (innerWidth < 620 ? Math.min(ticks, 6) : ticks)));
  places.filter((_, at) => at % stride === 0).forEach((place) => drawn.append(s("text", { x: x(place), y: HEIGHT - 26, class: "under" }, xText(place))));
  if (xTitle) drawn.append(s("text", { x: width - RIGHT, y: HEIGHT - 6, class: "end" }, xTitle));
  if (straight) drawn.append(s("line", { x1: x(first), y1: y(0), x2: x(last), y2: y(highest), class: "straight" }));
  series.forEach((one, at) => draw(drawn, one, at, x, y));
  const key = series.length > 1 ? h("ul", { class: "key" }, series.map((one, at) => h("li", { class: `series-${at % 6}` }, one.name))) : null;
  return h("figure", { class: "plot" }, drawn, key);
}

function draw(drawn, { name, points }, at, x, y) {
  const group = s("g", { class: `series-${at % 6}` });
  if (points.length > 1 && points.every((one) => one.low !== undefined && one.low !== null)) {
    const edge = [...points.map((one) => `${x(one.x)},${y(one.high)}`), ...points.toReversed().map((one) => `${x(one.x)},${y(one.low)}`)];
    group.append(s("polygon", { points: edge.join(" "), class: "band" }));
  }
  group.append(s("polyline", { points: points.map((one) => `${x(one.x)},${y(one.y)}`).join(" ") }));
  for (const one of points) group.append(s("circle", { cx: x(one.x), cy: y(one.y), r: points.length > 40 ? 1.5 : 3 }, s("title", {}, `${name}: ${one.says ?? one.y}`)));
  drawn.append(group);
}
