// Numbers of the calibration: from evidence to exceedances, alarms and incidents. Shared, so that
// the filter, its twin and the pages that explain it cannot disagree about one.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** What a step has to say, as bits. */
export const CALIBRATION_EXCEEDS: i32 = 1;
/** An incident is open after this step. */
export const CALIBRATION_ALARM: i32 = 2;
/** This step opened it. */
export const CALIBRATION_OPENED: i32 = 4;
/** This step closed it. */
export const CALIBRATION_CLOSED: i32 = 8;

/** Bytes of a key's calibration state. */
export const CALIBRATOR_STATE_BYTES: i32 = 192;

/** 1.0 of a share, Q30. */
export const SHARE_ONE: i32 = 1073741824;
/** Bounds of the nominal share of exceedances, Q30: one in a million, one in five. */
export const ALPHA_MIN: i32 = 1074;
export const ALPHA_MAX: i32 = 214748364;

/** Thresholds and gains are evidence (Q8) with 16 bits more. */
export const THRESHOLD_FRACTION: i32 = 16;
/** Least threshold, Q8: one in two is never an alarm. */
export const THRESHOLD_LEAST: i32 = 77;
/**
 * Largest threshold, Q8: above what evidence can say, so that a key whose steps all reach the end of
 * the scale still exceeds no oftener than it should.
 */
export const THRESHOLD_MOST: i32 = 3072;
/** The threshold stays this far or less below its start, Q8. */
export const THRESHOLD_BELOW_START: i32 = 256;

/**
 * Rise of the threshold at an exceedance, Q8. In quiet times a quarter of what the nominal share's
 * evidence has over one in ten, within these bounds: a rare alarm has little time to learn from.
 */
export const QUIET_GAIN_LEAST: i32 = 16;
export const QUIET_GAIN_MOST: i32 = 128;
/** At most. */
export const GAIN_MOST: i32 = 512;
/** Exceedances within 1 / alpha steps above which the gain doubles, Q16. */
export const RECENT_USUAL: i32 = 131072;

/** Steps after which the threshold is started from the key's own tail. */
export const START_STEPS: i32 = 512;
/** Evidence above which the tail's mean excess is taken at first: one in ten. */
export const TAIL_START: i32 = 256;
/** Mean excess of a healthy tail, Q8: 256 / ln 10. */
export const TAIL_EXCESS: i32 = 111;
/** An excess counts at most this much, Q8. */
export const TAIL_EXCESS_MAX: i32 = 512;
/** The start is at most this far from what the artifact's calibration says, Q8. */
export const START_BELOW_MAX: i32 = 64;
export const START_ABOVE_MAX: i32 = 256;

/** Steps looked at for opening and closing, and how many of them must exceed to open. */
export const HISTORY_STEPS: i32 = 3;
export const OPENING_STEPS: i32 = 2;
/** A step is quiet when it is this far below the held threshold, Q8; so many in a row close. */
export const RELEASE_BELOW: i32 = 128;
export const RELEASE_STEPS: i32 = 3;
/** While an incident is open its threshold is held for this long, and then follows. */
export const FREEZE_MS: i32 = 60000;
/** It then goes 2^-shift of the way to the moving one at each step. */
export const FOLLOW_SHIFT: i32 = 4;
/** Silence that closes an incident. */
export const SILENCE_MS: i32 = 300000;
/** Intervals between steps are averaged up to this. */
export const INTERVAL_MS_MAX: i32 = 60000;

/** Clients remembered by what they did to the threshold. */
export const CLIENTS_REMEMBERED: i32 = 7;
/** Requests after which a client's count of its own is halved. */
export const CLIENT_REQUESTS_MAX: i32 = 32768;
/** Refusals since its last rise from which on a client's rise is no sign of a drift. */
export const CLIENT_REFUSALS_USUAL: i32 = 3;

/**
 * What a step does to the threshold: it falls; it rises by half the quiet gain; it rises by the
 * gain; it stays, because who exceeded has had its part.
 */
export const RISE_NONE: i32 = 0;
export const RISE_HALF: i32 = 1;
export const RISE_FULL: i32 = 2;
export const RISE_REFUSED: i32 = 3;
