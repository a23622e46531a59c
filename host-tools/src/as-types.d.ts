// AssemblyScript's number types, so that the portable files of assembly/contract type-check here.
declare type bool = boolean;
declare type i32 = number;
declare type u32 = number;
declare type f64 = number;
