// Text into HTML and SVG. Everything that a report shows goes through `escapeHtml`; nothing it shows
// comes from a client, but a policy's text is the user's, and `<` is legal in it.

/** Text as it stands, in element content and in double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
