// Plain lists with figures: searches, trending, catalogue.
import { h, money, productUrl } from "../dom.js";
import { ask } from "../net.js";
import { bar, csv, csvOf, most, number, panel, percent, table, tile, tiles } from "./parts.js";

async function loadSearches() {
  const [nothing, all] = await Promise.all([ask("/v1/searches?only=nothing&n=100"), ask("/v1/searches?n=100")]);
  const columns = [["query", (row) => row.query], ["visitors", (row) => row.visitors], ["searches", (row) => row.searches], ["nothing", (row) => row.nothing], ["takers", (row) => row.takers], ["click_rate", (row) => row.click_rate]];
  const query = { title: "Query", cell: (row) => h("a", { href: `/search?${new URLSearchParams({ q: row.query })}` }, row.query) };
  const count = (title, key) => ({ title, cell: (row) => number(row[key]), right: true });
  const failed = most(nothing.queries, "nothing");
  return [
    panel("Nothing was found for", { tools: [csvOf(nothing.queries, columns, "searches-nothing")] }, table("Queries without results", [query, count("Visitors", "visitors"), count("Searches", "searches"),
      { title: "Found nothing", cell: (row) => h("span", { class: "rated" }, h("b", {}, number(row.nothing)), bar(row.nothing, failed)) }], nothing.queries, `No query of ${nothing.min_visitors} or more visitors found nothing.`)),
    panel("Searched for most", { tools: [csvOf(all.queries, columns, "searches")] }, table("Queries", [query, count("Visitors", "visitors"), count("Searches", "searches"), count("Takers", "takers"),
      { title: "Took something", cell: (row) => h("span", { class: "rated" }, h("b", {}, percent(row.click_rate, 0)), bar(row.click_rate, 1)) }], all.queries, `Queries of fewer than ${all.min_visitors} visitors stay with those who typed them.`)),
    h("p", { class: "quiet" }, `Of the last ${number(all.window_days)} days; queries of fewer than ${all.min_visitors} visitors are not shown.`),
  ];
}

async function loadTrending() {
  const found = await ask("/v1/trending?n=50", { tries: 0 }).catch((trouble) => {
    if (trouble.code !== "index_not_ready") throw trouble;
    return null;
  });
  if (!found) return [panel("Nothing was counted yet", h("p", {}, "What is popular is counted by a job, hourly as a rule: ", h("a", { href: "#jobs" }, "run it now"), "."))];
  const highest = most(found.items, "score");
  const columns = [["rank", (row) => row.rank], ["id", (row) => row.id], ["name", (row) => row.name], ["score", (row) => row.score], ["price", (row) => row.price]];
  return [panel("Trending products", { tools: [csvOf(found.items, columns, "trending")] }, table("Trending", [
    { title: "Product", cell: (row) => h("a", { href: productUrl(row.id) }, row.name), wide: true },
    { title: "Rank", cell: (row) => row.rank, right: true },
    { title: "Price", cell: (row) => money(row.price, row.currency), right: true },
    { title: "Score", cell: (row) => h("span", { class: "rated" }, h("b", {}, number(row.score, 2)), bar(row.score, highest)) },
  ], found.items, "Nothing was looked at yet.")),
  panel("Trending categories", { tools: [csvOf(found.categories, [["category", (one) => one]], "trending-categories")] }, found.categories.length ? h("ul", { class: "tags" }, found.categories.map((one) => h("li", {}, one))) : h("p", { class: "quiet" }, "None yet."))];
}

async function loadCatalogue() {
  const found = await ask("/v1/admin/catalogue");
  return [
    tiles(tile("Products", number(found.products))),
    panel("What products lack", { tools: [csv("/v1/admin/catalogue", "catalogue")] }, table("What products lack", [
      { title: "What", cell: (row) => row.name },
      { title: "Products", cell: (row) => number(row.products), right: true },
      { title: "Share", cell: (row) => h("span", { class: "rated" }, h("b", {}, percent(row.share)), bar(row.share, 1)) },
      { title: "What follows", cell: (row) => row.about, wide: true },
    ], found.rows)),
  ];
}

export const searches = { about: "What people search for, and what they do not find.", load: loadSearches };
export const trending = { about: "What is popular now.", load: loadTrending };
export const catalogue = { about: "Products that cannot do as well as they might.", load: loadCatalogue };
