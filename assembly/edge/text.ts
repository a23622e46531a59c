// Builds short ASCII texts (log lines, metric names, header values) in fixed memory. String
// concatenation would allocate. Writing past the end drops bytes instead of trapping.

const CAPACITY: i32 = 1024;
const BUFFER: usize = memory.data(1024, 16);
/** Bytes built so far. In memory, because the abort handler is compiled before any global exists. */
const LENGTH: usize = memory.data(4, 4);

/** Starts a new text. */
export function beginText(): void {
  store<i32>(LENGTH, 0);
}

/** First byte of the text; valid until the next beginText. */
export function textPtr(): usize {
  return BUFFER;
}

export function textBytes(): i32 {
  return load<i32>(LENGTH);
}

export function appendByte(byte: i32): void {
  const length = textBytes();
  if (length >= CAPACITY) return;
  store<u8>(BUFFER + <usize>length, <u8>byte);
  store<i32>(LENGTH, length + 1);
}

/** Appends an ASCII literal. */
export function appendLiteral(literal: string): void {
  const length = textBytes();
  const count = min(literal.length, CAPACITY - length);
  for (let i = 0; i < count; i++) {
    store<u8>(BUFFER + <usize>(length + i), <u8>literal.charCodeAt(i));
  }
  store<i32>(LENGTH, length + count);
}

export function appendBytes(ptr: usize, bytes: i32): void {
  const length = textBytes();
  const count = min(max(bytes, 0), CAPACITY - length);
  memory.copy(BUFFER + <usize>length, ptr, <usize>count);
  store<i32>(LENGTH, length + count);
}

/** Appends a whole number in decimal. */
export function appendNumber(value: u64): void {
  let divisor: u64 = 1;
  let rest = value;
  // 20 digits hold any 64-bit number.
  for (let i = 0; i < 19 && rest >= 10; i++) {
    rest /= 10;
    divisor *= 10;
  }
  rest = value;
  for (let i = 0; i < 20 && divisor > 0; i++) {
    appendByte(48 + <i32>(rest / divisor));
    rest %= divisor;
    divisor /= 10;
  }
}

/** Appends `label=.=value;.;`, the form that Istio's tag extraction takes apart again. */
export function appendLabel(label: string, value: usize, bytes: i32): void {
  appendLiteral(label);
  appendLiteral("=.=");
  appendBytes(value, bytes);
  appendLiteral(";.;");
}

/** appendLabel for a literal value. */
export function appendLiteralLabel(label: string, value: string): void {
  appendLiteral(label);
  appendLiteral("=.=");
  appendLiteral(value);
  appendLiteral(";.;");
}

/** appendLabel for a number. */
export function appendNumberLabel(label: string, value: i32): void {
  appendLiteral(label);
  appendLiteral("=.=");
  appendNumber(<u64>value);
  appendLiteral(";.;");
}
