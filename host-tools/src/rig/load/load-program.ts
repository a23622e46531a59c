import type { ChildMethods } from "../child-service";
export function loadMethods(): ChildMethods {
  return {};
}
