// A filter that does what its configuration says, so that one module serves all tests of the host.
// A line is `PHASE OPERATION ARGUMENT...`; when PHASE comes, the operation runs and one log line
// says what the host answered: `PHASE OPERATION ARGUMENT... = STATUS VALUE`. Arguments hold no
// spaces; `_` stands for the empty string, `%` for NUL and `^` for a line feed.

import * as host from "./host-calls";
export { fault } from "./host-calls";

const out = memory.data(64, 16);
let script = "";
let vmStarts = 0;
let configures = 0;
let mallocAnswer = "";

export function proxy_abi_version_0_2_1(): void {}

export function malloc(size: usize): usize {
  if (mallocAnswer == "zero") return 0;
  if (mallocAnswer == "far") return 0xfffffff0;
  if (mallocAnswer == "call") host.setTickPeriod(5);
  if (mallocAnswer == "log") log("inside malloc");
  if (mallocAnswer == "grow") memory.grow(1);
  return heap.alloc(size);
}

export function proxy_on_context_create(id: u32, root: u32): void {
  log(`create ${id} ${root}`);
  run("create", id);
}

export function proxy_on_vm_start(id: u32, size: u32): u32 {
  vmStarts++;
  log(`vm_start ${id} ${size} starts=${vmStarts}`);
  return read(host.getBuffer(6, 0, 1024, out, out + 4)) == "reject-start" ? 0 : 1;
}

export function proxy_on_configure(id: u32, size: u32): u32 {
  configures++;
  const text = read(host.getBuffer(7, 0, i32(size), out, out + 4));
  log(`configure ${id} ${size} configures=${configures}`);
  if (text == "reject") return 0;
  if (text == "trap") unreachable();
  if (text == "reject-on-workers" && isWorker()) return 0;
  script = text;
  run("configure", id);
  return 1;
}

/** The second VM of the process and those after it: shared data remembers the first. */
function isWorker(): bool {
  const key = String.UTF8.encode("probe-configured");
  const at = changetype<usize>(key);
  const seen = host.getShared(at, key.byteLength, out, out + 4, out + 8) == 0;
  host.setShared(at, key.byteLength, at, key.byteLength, 0);
  return seen;
}

export function proxy_on_tick(id: u32): void {
  log(`tick ${id}`);
  run("tick", id);
}

export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  log(`request_headers ${id} ${count} ${end}`);
  return run("rq", id);
}

export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 {
  log(`request_body ${id} ${size} ${end}`);
  return run("rqb", id);
}

export function proxy_on_request_trailers(id: u32, count: u32): u32 {
  log(`request_trailers ${id} ${count}`);
  return run("rqt", id);
}

export function proxy_on_response_headers(id: u32, count: u32, end: u32): u32 {
  log(`response_headers ${id} ${count} ${end}`);
  return run("rs", id);
}

export function proxy_on_response_body(id: u32, size: u32, end: u32): u32 {
  log(`response_body ${id} ${size} ${end}`);
  return run("rsb", id);
}

export function proxy_on_response_trailers(id: u32, count: u32): u32 {
  log(`response_trailers ${id} ${count}`);
  return run("rst", id);
}

export function proxy_on_http_call_response(id: u32, token: u32, h: u32, b: u32, t: u32): void {
  log(`http_call_response ${id} ${token} ${h} ${b} ${t}`);
  run("call", id);
}

export function proxy_on_queue_ready(id: u32, token: u32): void {
  log(`queue_ready ${id} ${token}`);
  run("queue", id);
}

export function proxy_on_done(id: u32): u32 {
  log(`done ${id}`);
  return run("done", id) == 7 ? 0 : 1;
}

export function proxy_on_log(id: u32): void {
  log(`log ${id}`);
  run("log", id);
}

export function proxy_on_delete(id: u32): void {
  log(`delete ${id}`);
  run("delete", id);
}

/** Runs the lines of a phase; the last `return N` is the callback's answer. */
function run(phase: string, id: u32): u32 {
  let result: u32 = 0;
  const lines = script.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const words = lines[i].split(" ");
    if (words[0] != phase) continue;
    if (words[1] == "return") result = u32(parseInt(words[2]));
    else log(`${lines[i]} = ${step(words, id)}`);
  }
  return result;
}

function step(w: string[], id: u32): string {
  const op = w[1];
  if (op == "trap") unreachable();
  if (op == "loop") return loop(0).toString();
  if (op == "malloc") return (mallocAnswer = w[2]);
  if (op == "id") return id.toString();
  if (op == "pages") return memory.grow(i32(parseInt(w[2]))).toString();
  const known = headerStep(w);
  if (known != "?") return known;
  const shared = sharedStep(w);
  return shared != "?" ? shared : systemStep(w);
}

function loop(depth: i32): i32 {
  return depth < 0 ? 1 : loop(depth + 1) + 1;
}

function headerStep(w: string[]): string {
  const op = w[1];
  const type = w.length > 2 ? i32(parseInt(w[2])) : 0;
  const a = bytes(w, 3);
  const b = bytes(w, 4);
  const at = changetype<usize>(a);
  const bt = changetype<usize>(b);
  if (op == "get") return answer(host.getHeader(type, at, a.byteLength, out, out + 4));
  if (op == "pairs") return pairs(host.getPairs(type, out, out + 4));
  if (op == "size") return number(host.getMapSize(type, out));
  if (op == "add") return host.addHeader(type, at, a.byteLength, bt, b.byteLength).toString();
  if (op == "set") return host.setHeader(type, at, a.byteLength, bt, b.byteLength).toString();
  if (op == "remove") return host.removeHeader(type, at, a.byteLength).toString();
  if (op == "set-pairs") return setPairs(type, w);
  if (op == "far") return host.getHeader(type, 0xfffffff0, 64, out, out + 4).toString();
  if (op == "body") return answer(host.getBuffer(type, 0, i32(parseInt(w[3])), out, out + 4));
  if (op == "body-size") return number(host.getBufferStatus(type, out, out + 4));
  if (op == "set-body") {
    const length = i32(parseInt(w[4]));
    const data = bytes(w, 5);
    const from = i32(parseInt(w[3]));
    return host.setBuffer(type, from, length, changetype<usize>(data), data.byteLength).toString();
  }
  return "?";
}

/** One pair, or the same pair as often as the fifth word says. */
function setPairs(type: i32, w: string[]): string {
  const count = w.length > 5 ? i32(parseInt(w[5])) : 1;
  const name = bytes(w, 3);
  const value = bytes(w, 4);
  const each = name.byteLength + value.byteLength + 2;
  const size = 4 + count * (8 + each);
  const at = heap.alloc(size);
  store<u32>(at, count);
  for (let i = 0; i < count; i++) {
    store<u32>(at + 4 + i * 8, name.byteLength);
    store<u32>(at + 8 + i * 8, value.byteLength);
    const to = at + 4 + count * 8 + i * each;
    memory.copy(to, changetype<usize>(name), name.byteLength);
    store<u8>(to + name.byteLength, 0);
    memory.copy(to + name.byteLength + 1, changetype<usize>(value), value.byteLength);
    store<u8>(to + each - 1, 0);
  }
  return host.setPairs(type, at, size).toString();
}

function sharedStep(w: string[]): string {
  const op = w[1];
  const a = bytes(w, 2);
  const b = bytes(w, 3);
  const at = changetype<usize>(a);
  const bt = changetype<usize>(b);
  if (op == "data-get") {
    const status = host.getShared(at, a.byteLength, out, out + 4, out + 8);
    return status == 0 ? `${answer(status)} cas=${load<u32>(out + 8)}` : status.toString();
  }
  if (op == "data-set") {
    const cas = w.length > 4 ? u32(parseInt(w[4])) : 0;
    return host.setShared(at, a.byteLength, bt, b.byteLength, cas).toString();
  }
  if (op == "queue-register") return number(host.registerQueue(at, a.byteLength, out));
  if (op == "queue-resolve") {
    return number(host.resolveQueue(at, a.byteLength, bt, b.byteLength, out));
  }
  if (op == "enqueue") return host.enqueue(u32(parseInt(w[2])), bt, b.byteLength).toString();
  if (op == "dequeue") return answer(host.dequeue(u32(parseInt(w[2])), out, out + 4));
  if (op == "define") return number(host.defineMetric(i32(parseInt(w[2])), bt, b.byteLength, out));
  if (op == "inc") return host.incrementMetric(u32(parseInt(w[2])), i64(parseInt(w[3]))).toString();
  if (op == "record") return host.recordMetric(u32(parseInt(w[2])), u64(parseInt(w[3]))).toString();
  if (op == "metric") {
    const status = host.getMetric(u32(parseInt(w[2])), out);
    return status == 0 ? `0 ${load<u64>(out)}` : status.toString();
  }
  return "?";
}

function systemStep(w: string[]): string {
  const op = w[1];
  const a = bytes(w, 2);
  const b = bytes(w, 3);
  const at = changetype<usize>(a);
  const bt = changetype<usize>(b);
  if (op == "prop") return answer(host.getProperty(at, a.byteLength, out, out + 4));
  if (op == "prop-int") {
    const status = host.getProperty(at, a.byteLength, out, out + 4);
    if (status != 0) return status.toString();
    return `0 ${load<i64>(load<u32>(out))} bytes=${load<u32>(out + 4)}`;
  }
  if (op == "set-prop") return host.setProperty(at, a.byteLength, bt, b.byteLength).toString();
  if (op == "reply") return reply(i32(parseInt(w[2])), bytes(w, 3), bytes(w, 4));
  if (op == "continue") return host.continueStream(i32(parseInt(w[2]))).toString();
  if (op == "close") return host.closeStream(i32(parseInt(w[2]))).toString();
  if (op == "period") return host.setTickPeriod(i32(parseInt(w[2]))).toString();
  if (op == "effective") return host.setEffectiveContext(u32(parseInt(w[2]))).toString();
  if (op == "finish") return host.done().toString();
  if (op == "wall") return time(host.currentTime(out));
  if (op == "clock") return time(host.clockTime(i32(parseInt(w[2])), 0, out));
  if (op == "random") return time(host.randomGet(out, 8));
  if (op == "random-size") return host.randomGet(1024, i32(parseInt(w[2]))).toString();
  if (op == "status") return `${host.getStatus(out + 8, out, out + 4)} ${load<u32>(out + 8)}`;
  if (op == "foreign") {
    return host.callForeign(at, a.byteLength, bt, b.byteLength, out, out + 4).toString();
  }
  if (op == "http-call") return httpCall(a);
  return "unknown operation";
}

/** A local reply with one header, `x-reply: yes`. */
function reply(code: i32, details: ArrayBuffer, body: ArrayBuffer): string {
  const headers = String.UTF8.encode("\x01\0\0\0\x07\0\0\0\x03\0\0\0x-reply\0yes\0");
  const dt = changetype<usize>(details);
  const bt = changetype<usize>(body);
  const ht = changetype<usize>(headers);
  const sizes = headers.byteLength;
  return host
    .sendLocalResponse(code, dt, details.byteLength, bt, body.byteLength, ht, sizes, -1)
    .toString();
}

/** GET / on authority "x", timeout 50 ms. */
function httpCall(cluster: ArrayBuffer): string {
  const text =
    "\x03\0\0\0\x05\0\0\0\x01\0\0\0\x07\0\0\0\x03\0\0\0\x0a\0\0\0\x01\0\0\0" +
    ":path\0/\0:method\0GET\0:authority\0x\0";
  const headers = String.UTF8.encode(text);
  const at = changetype<usize>(cluster);
  const ht = changetype<usize>(headers);
  return number(
    host.httpCall(at, cluster.byteLength, ht, headers.byteLength, 0, 0, 0, 0, 50, out + 16),
    16,
  );
}

function log(text: string): void {
  const encoded = String.UTF8.encode(text);
  host.proxyLog(2, changetype<usize>(encoded), encoded.byteLength);
}

function bytes(w: string[], index: i32): ArrayBuffer {
  if (w.length <= index || w[index] == "_") return new ArrayBuffer(0);
  return String.UTF8.encode(w[index].replaceAll("%", "\0").replaceAll("^", "\n"));
}

function read(status: i32): string {
  if (status != 0) return "";
  return String.UTF8.decodeUnsafe(load<u32>(out), load<u32>(out + 4));
}

function answer(status: i32): string {
  return status == 0 ? `0 ${read(0)}` : status.toString();
}

function number(status: i32, offset: usize = 0): string {
  return status == 0 ? `0 ${load<u32>(out + offset)}` : status.toString();
}

function time(status: i32): string {
  return status == 0 ? `0 ${load<u64>(out)}` : status.toString();
}

/** `STATUS COUNT name=value;...` */
function pairs(status: i32): string {
  if (status != 0) return status.toString();
  const size = load<u32>(out + 4);
  if (size == 0) return "0 none";
  const at: usize = load<u32>(out);
  const count = load<u32>(at);
  let text = `0 ${count}`;
  let from = at + 4 + count * 8;
  for (let i: u32 = 0; i < count; i++) {
    const nameSize = load<u32>(at + 4 + i * 8);
    const valueSize = load<u32>(at + 8 + i * 8);
    const name = String.UTF8.decodeUnsafe(from, nameSize);
    const value = String.UTF8.decodeUnsafe(from + nameSize + 1, valueSize);
    text += ` ${name}=${value};`;
    from += nameSize + valueSize + 2;
  }
  return text;
}
