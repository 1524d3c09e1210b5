/**
 * Throughline's contact widget, for the page of a company.
 *
 * ```html
 * <script src="https://throughline.example.com/widget.js" defer></script>
 * <throughline-contact intent-endpoint="/help/intent"></throughline-contact>
 * ```
 *
 * The whole of it (attributes, methods, events, theming, what the page's Content-Security-Policy needs) is in README.md beside this file.
 * This loader is a classic script, so that one tag is all it takes; the element is a module from the same server.
 */
(() => {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) return;
  const server = new URL(script.src, document.baseURI).origin;
  import(`${server}/web/widget/contact.js`)
    .then(({ define }) => define(server))
    .catch((fault) => {
      console.error(`throughline: the contact widget was not loaded from ${server}; it answers only pages of the sites in its [http] origins, and this is ${location.origin}`, fault);
      for (const element of document.querySelectorAll('throughline-contact')) element.textContent = 'We cannot be reached through this page right now. Please reach us another way.';
    });
})();
