/**
 * How long a client would like to wait, in seconds: `wait` of a Prefer header (RFC 7240, section 4.3). Of several the
 * first counts.
 * @returns undefined when there is none, or none that can be understood: such a preference is ignored
 */
export function waitPreference(header: string): number | undefined {
  if (header.length > 1_000) return undefined;
  const preferences = header.split(',').map((part) => part.split(';', 1)[0]!.trim());
  const wait = preferences.find((preference) => /^wait\s*=/i.test(preference));
  const [, digits] = /^wait\s*=\s*"?(\d{1,9})"?$/i.exec(wait ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}
