// Swagger UI over this service's own document.
const place = document.querySelector("#api");
const show = () => {
  place.replaceChildren();
  place.removeAttribute("aria-busy");
  window.SwaggerUIBundle({
    url: "/openapi.json", domNode: place, deepLinking: true, docExpansion: "none", defaultModelsExpandDepth: 0, displayRequestDuration: true,
    filter: true, validatorUrl: null, presets: [window.SwaggerUIBundle.presets.apis], syntaxHighlight: { activated: true }, tryItOutEnabled: true,
  });
};
if (window.SwaggerUIBundle) show();
else place.replaceChildren(Object.assign(document.createElement("p"), { className: "wide blank", textContent: "Swagger UI did not arrive. The document itself is at /openapi.json." }));
