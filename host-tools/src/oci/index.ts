// The door of this folder: pack a module, keep it as a layout, push it, read it back.

export { checkPull, type PullCheck } from "./check-pull";
export { findCredential, type Credential, type CredentialSource } from "./credentials";
export { digestOf, isDigest } from "./digest";
export {
  buildImage,
  DEFAULT_IMAGE_FORM,
  IMAGE_FORMS,
  type ImageForm,
  type ImageMetadata,
  type OciImage,
  WASM_MAX_BYTES,
} from "./image";
export { type ImageModule, moduleOfImage } from "./image-module";
export { type LayoutEntry, readLayout, writeLayout } from "./layout";
export { pullImage } from "./pull-image";
export { type PushedImage, pushImage, type PushOptions } from "./push-image";
export { formatReference, parseReference, type Reference } from "./reference";
export { findReferrers, pushReferrer, readReferrer, type Referral, referrerOf } from "./referrers";
export { Registry } from "./registry";
export { type RegistryChoices, type RegistryOptions } from "./registry-options";
export { type RetryClock, systemRetryClock } from "./retry";
export { createdFrom } from "./source-date";
