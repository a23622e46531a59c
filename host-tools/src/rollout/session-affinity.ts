// Which sessions a header sends to the canary. The mesh can match a header by expression, not hash
// it, so the identifier's own end decides: of an identifier that ends in two random hexadecimal digits
// (a UUID, a trace id, a digest) the first share of the 256 endings is the canary's. A larger share
// has all sessions of a smaller one, so a session moves to the canary once and stays.

const ENDINGS = 256;
const ALL = "[0-9a-fA-F]";

/** Endings that a share comes to; at least one, so that a step of 1 % is not empty. */
export function endingsOf(weightPercent: number): number {
  return Math.max(1, Math.min(ENDINGS, Math.round((ENDINGS * weightPercent) / 100)));
}

/** RE2 expression of all values that are the canary's at this share. */
export function suffixPattern(weightPercent: number): string {
  const endings = endingsOf(weightPercent);
  const whole = Math.floor(endings / 16);
  const rest = endings % 16;
  const parts = [
    ...(whole === 0 ? [] : [`${digitsBelow(whole)}${ALL}`]),
    ...(rest === 0 ? [] : [`${digit(whole)}${digitsBelow(rest)}`]),
  ];
  return `.*(${parts.join("|")})`;
}

/** The digits 0 to count - 1, in both cases. */
function digitsBelow(count: number): string {
  if (count <= 10) return count === 1 ? "0" : `[0-${count - 1}]`;
  const last = count - 11;
  const range = (first: string): string => {
    const end = String.fromCharCode(first.charCodeAt(0) + last);
    return last === 0 ? first : `${first}-${end}`;
  };
  return `[0-9${range("a")}${range("A")}]`;
}

function digit(value: number): string {
  if (value < 10) return String(value);
  const lower = value.toString(16);
  return `[${lower}${lower.toUpperCase()}]`;
}
