// The first route that agrees in path, method and authority.

import { matchRoute } from "../../../assembly/policy/match-route";
import { bytesOf, lengthOf } from "../config/source-text";
import { settingsOf } from "./parsed-settings";

function matched(routes: string, path: string, method: string, authority: string): i32 {
  return matchRoute(
    settingsOf(routes),
    bytesOf(path),
    lengthOf(path),
    bytesOf(method),
    lengthOf(method),
    bytesOf(authority),
    lengthOf(authority),
  );
}

function path(routes: string, value: string): i32 {
  return matched(routes, value, "GET", "a.example");
}

const PREFIXES: string =
  '{"name":"a","match":{"path_prefix":"/api/llm/chat/completions"}},' +
  '{"name":"b","match":{"path_prefix":"/api/llm"}},{"name":"c","match":{"path_prefix":"/"}}';

describe("a route", () => {
  it("without a match takes everything", () => {
    expect(path('{"name":"a"}', "/any")).toBe(0);
    expect(path('{"name":"a"}', "")).toBe(0);
  });

  it("is the first of those that match", () => {
    expect(path(PREFIXES, "/api/llm/chat/completions/7")).toBe(0);
    expect(path(PREFIXES, "/api/llm/chat/completion")).toBe(1);
    expect(path(PREFIXES, "/api/ll")).toBe(2);
    expect(path('{"name":"all"},' + PREFIXES, "/api/llm")).toBe(0);
  });

  it("is none where none matches", () => {
    const one = '{"name":"a","match":{"path_prefix":"/chat"}}';
    expect(path(one, "/cha")).toBe(-1);
    expect(path(one, "/Chat")).toBe(-1);
    expect(path(one, "")).toBe(-1);
    expect(path("", "/chat")).toBe(-1);
  });

  it("with an exact path takes that path only", () => {
    const one = '{"name":"a","match":{"path_exact":"/api/llm/chat"}}';
    expect(path(one, "/api/llm/chat")).toBe(0);
    expect(path(one, "/api/llm/chat/")).toBe(-1);
    expect(path(one, "/api/llm/cha")).toBe(-1);
    expect(path(one, "/api/llm/chau")).toBe(-1);
  });

  it("compares every byte, at any length", () => {
    for (let length = 1; length < 40; length++) {
      const text = "/" + "x".repeat(length);
      const one = `{"name":"a","match":{"path_exact":"${text}"}}`;
      expect(path(one, text)).toBe(0);
      expect(path(one, "/" + "x".repeat(length - 1) + "y")).toBe(-1);
    }
  });

  it("needs the method, byte by byte", () => {
    const one = '{"name":"a","match":{"method":"POST"}}';
    expect(matched(one, "/", "POST", "a")).toBe(0);
    expect(matched(one, "/", "post", "a")).toBe(-1);
    expect(matched(one, "/", "POSTX", "a")).toBe(-1);
    expect(matched(one, "/", "", "a")).toBe(-1);
  });

  it("needs the authority with its port", () => {
    const one = '{"name":"a","match":{"authority":"llm.example:8080"}}';
    expect(matched(one, "/", "GET", "llm.example:8080")).toBe(0);
    expect(matched(one, "/", "GET", "llm.example")).toBe(-1);
    expect(matched(one, "/", "GET", "llm.example:8081")).toBe(-1);
  });

  it("needs all of what it states", () => {
    const one =
      '{"name":"a","match":{"path_prefix":"/chat","method":"POST","authority":"llm.example"}}';
    expect(matched(one, "/chat", "POST", "llm.example")).toBe(0);
    expect(matched(one, "/chat", "GET", "llm.example")).toBe(-1);
    expect(matched(one, "/chat", "POST", "llm.other")).toBe(-1);
    expect(matched(one, "/other", "POST", "llm.example")).toBe(-1);
  });
});
