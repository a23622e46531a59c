// The choice among arms, from states that are set by hand.

import { Settings, routeSettings } from "../../../assembly/config/settings";
import { Reason } from "../../../assembly/contract/signals";
import { chooseArm, choiceReason, expectedMs } from "../../../assembly/policy/choose-arm";
import { ArmState, armLatency, armState } from "../../../assembly/state/arm-state";
import { Ewma, addSample } from "../../../assembly/state/ewma";
import { seedRandom } from "../../../assembly/state/random";
import { settingsOf } from "./parsed-settings";

const NOW_MS: f64 = 100000;
/** Indexes of the arms' states, as a generation binds them. */
const binding = memory.data(8, 8);
const ewma = changetype<Ewma>(memory.data(64, 8));
const chosen = new StaticArray<i32>(4);

function arms(weights: string, rest: string = "", root: string = ""): Settings {
  const settings = settingsOf(`{"name":"r","arms":[${weights}]${rest}}`, root);
  for (let i = 0; i < 4; i++) {
    store<u16>(binding + <usize>i * 2, <u16>i);
    memory.fill(changetype<usize>(armState(i)), 0, 256);
  }
  return settings;
}

const THREE: string = '{"name":"a"},{"name":"b"},{"name":"c"}';

/** An arm that has answered in this time, often, until just now. */
function known(i: i32, latencyMs: f32, atMs: f64 = NOW_MS): ArmState {
  const state = armState(i);
  for (let k = 0; k < 20; k++) addSample(armLatency(state), latencyMs, atMs, 200, 3500);
  return state;
}

function choose(settings: Settings): i32 {
  return chooseArm(routeSettings(settings, 0), settings, binding, NOW_MS);
}

/** Counts of a thousand choices. */
function count(settings: Settings): void {
  seedRandom(77);
  chosen.fill(0);
  for (let k = 0; k < 1000; k++) {
    // In two steps: asc evaluates the index of a[i]++ twice.
    const arm = choose(settings);
    chosen[arm]++;
  }
}

const STILL: string = ',"exploration_permille":0';

describe("the choice", () => {
  it("is the faster arm when both are idle", () => {
    const settings = arms(THREE, "", STILL);
    known(0, 100);
    known(1, 50);
    known(2, 200);
    count(settings);
    expect(chosen[1]).toBe(1000);
    expect(choiceReason()).toBe(Reason.None);
  });

  it("gives ties to the default arm", () => {
    const settings = arms(THREE, "", STILL);
    for (let i = 0; i < 3; i++) known(i, 100);
    count(settings);
    expect(chosen[0]).toBe(1000);
  });

  it("breaks ties of the others evenly", () => {
    const settings = arms(THREE, "", STILL);
    known(0, 200);
    known(1, 100);
    known(2, 100);
    count(settings);
    expect(chosen[0]).toBe(0);
    expect(chosen[1]).toBeGreaterThan(400);
    expect(chosen[2]).toBeGreaterThan(400);
  });

  it("takes differences under a millisecond for ties", () => {
    const settings = arms(THREE, "", STILL);
    known(0, 0.9);
    known(1, 0.1);
    known(2, 0.2);
    count(settings);
    expect(chosen[0]).toBe(1000);
  });

  it("counts what is in flight", () => {
    const settings = arms(THREE, "", STILL);
    known(0, 50).inFlight = 4;
    known(1, 100);
    known(2, 300);
    expect(choose(settings)).toBe(1);
  });

  it("counts errors", () => {
    const settings = arms(THREE, "", STILL);
    const state = known(0, 50);
    state.error = 0.2;
    state.errorMs = NOW_MS;
    known(1, 100);
    known(2, 300);
    expect(choose(settings)).toBe(1);
  });

  it("divides by weight, and leaves standby arms alone", () => {
    const settings = arms(
      '{"name":"a","weight":400},{"name":"b","weight":100},{"name":"c","weight":0}',
      "",
      STILL,
    );
    known(0, 150);
    known(1, 100);
    known(2, 1);
    count(settings);
    expect(chosen[0]).toBe(1000);
  });

  it("gives an arm without a sample one request at a time", () => {
    const settings = arms(THREE, "", STILL);
    known(0, 100);
    known(1, 100);
    expect(choose(settings)).toBe(2);
    armState(2).inFlight = 1;
    expect(choose(settings)).not.toBe(2);
  });
});

describe("ejected arms", () => {
  it("get nothing while another is healthy", () => {
    const settings = arms(THREE, "", STILL);
    for (let i = 0; i < 3; i++) known(i, i == 0 ? 1 : 100);
    armState(0).ejectedUntilMs = NOW_MS + 1;
    count(settings);
    expect(chosen[0]).toBe(0);
    armState(0).ejectedUntilMs = NOW_MS;
    expect(choose(settings)).toBe(0);
  });

  it("leave it to the fallback order when all with weight are out", () => {
    const settings = arms(
      '{"name":"a"},{"name":"b","weight":0},{"name":"c","weight":0}',
      ',"fallback":["c","b","a"]',
      STILL,
    );
    armState(0).ejectedUntilMs = NOW_MS + 1;
    expect(choose(settings)).toBe(2);
    expect(choiceReason()).toBe(Reason.Fallback);
    armState(2).ejectedUntilMs = NOW_MS + 1;
    expect(choose(settings)).toBe(1);
  });

  it("leave it to the default arm when all are out", () => {
    const settings = arms('{"name":"a"},{"name":"b","default":true}', "", STILL);
    armState(0).ejectedUntilMs = NOW_MS + 1;
    armState(1).ejectedUntilMs = NOW_MS + 1;
    expect(choose(settings)).toBe(1);
  });
});

describe("exploration", () => {
  it("looks at stale arms as often as it may, and says so", () => {
    const settings = arms(THREE, "", ',"exploration_permille":100');
    known(0, 10);
    known(1, 500, NOW_MS - 2000);
    known(2, 500);
    count(settings);
    expect(chosen[1]).toBeGreaterThan(60);
    expect(chosen[1]).toBeLessThan(140);
    expect(chosen[2]).toBe(0);
  });

  it("never looks at an ejected or a standby arm", () => {
    const settings = arms(
      '{"name":"a"},{"name":"b"},{"name":"c","weight":0}',
      "",
      ',"exploration_permille":100',
    );
    known(0, 10);
    known(1, 500, NOW_MS - 2000).ejectedUntilMs = NOW_MS + 1;
    known(2, 500, NOW_MS - 2000);
    count(settings);
    expect(chosen[0]).toBe(1000);
  });
});

describe("the expected latency", () => {
  it("is the worse estimate while fresh, and never under half the slow one", () => {
    memory.fill(changetype<usize>(ewma), 0, 48);
    addSample(ewma, 100, 1000, 200, 3500);
    expect(expectedMs(ewma, 1000)).toBe(100);
    let last = expectedMs(ewma, 1000);
    for (let i = 1; i < 50; i++) {
      const now = expectedMs(ewma, 1000 + <f64>i * 1000);
      expect(now).toBeLessThanOrEqual(last);
      expect(now).toBeGreaterThanOrEqual(50);
      last = now;
    }
    expect(ewma.slowMs).toBe(100);
  });
});
