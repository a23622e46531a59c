// Several models in one file, because the configuration has one field for weights: up to two scorers
// (a recurrent one and another beside it) and one content table. Magic, format, kind, length,
// version, feature schema and name stand at the same places as in the members (artifact.ts).
//
//      0  header, 256 bytes
//         0 magic "GNGL"      4 format version    8 kind             12 members n
//        16 total bytes      20 model version    24 feature schema  28 bytes of each member [3]
//        40 zero             96 name, 32 bytes  128 zero up to 255
//    256  the members, one after the other; each is an artifact and a multiple of 16 bytes
//
// An artifact that is no bundle is taken as a bundle of itself.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

export const BUNDLE_HEADER_BYTES: i32 = 256;
export const BUNDLE_AT_MEMBERS: i32 = 12;
/** i32[BUNDLE_MEMBERS_MAX]; 0 for the ones that are not there. */
export const BUNDLE_AT_MEMBER_BYTES: i32 = 28;
/** Zero up to the name. */
export const BUNDLE_AT_RESERVED_LOW: i32 = 40;
export const BUNDLE_MEMBERS_MIN: i32 = 1;
export const BUNDLE_MEMBERS_MAX: i32 = 3;
export const BUNDLE_SCORERS_MAX: i32 = 2;
