/** Grants that no end-to-end run rests on, and why they are kept. */
export const KEPT_UNUSED: readonly { readonly grants: RegExp; readonly because: string }[] = [];
