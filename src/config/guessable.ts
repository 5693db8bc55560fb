import { knownSecrets } from './known-secrets.ts'
import { isPlaceholder } from './placeholder-words.ts'

/** HS256 wants a key of at least the size of its hash output. RFC 7518, section 3.2. */
const minimumBytes = 32

/**
 * Says why a secret could be guessed, or undefined when nothing speaks against it.
 *
 * A random secret of 32 bytes passes in any spelling (hex, base64, base64url): what is tested here is so
 * unlikely in random text that no false alarm is to be expected.
 *
 * @param secret the secret as it stands in the environment
 * @returns the rest of a sentence that begins with the name of the secret; never a part of the secret
 */
export function guessable(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < minimumBytes) return `is shorter than ${minimumBytes} bytes`
  // The same secret is no better for being written in base64 or hex, as many tutorials do.
  for (const text of [secret, ...decoded(secret)]) {
    const reason = patternIn(text) ?? wordsIn(text)
    if (reason !== undefined) return reason
  }
  return undefined
}

function patternIn(text: string): string | undefined {
  if (new Set(text).size < 8) return 'has fewer than 8 different characters'
  if (isPattern(text.toLowerCase()) || isKeyGeneratorWalk(text)) return 'follows a pattern'
  return undefined
}

function wordsIn(text: string): string | undefined {
  const bare = withoutDecoration(text)
  if (published.some((known) => bare.includes(known))) return 'is published, in documentation or in a product'
  if (text.includes('-----BEGIN ')) return 'is a PEM block: those are keys of other algorithms, often public'
  if (/^django-insecure-/i.test(text)) return 'was marked as insecure by Django, which made it'
  if (isUnfilled(text)) return 'is a placeholder or command that nothing has replaced by its value'
  if (isPlaceholder(text)) return 'is made of the words that placeholders are made of'
  return undefined
}

function decoded(secret: string): string[] {
  const encodings: BufferEncoding[] = []
  if (/^([0-9a-f]{2})+$/i.test(secret)) encodings.push('hex')
  if (/^[\w+/-]+={0,2}$/.test(secret)) encodings.push('base64')
  return encodings.map((encoding) => Buffer.from(secret, encoding).toString('latin1'))
}

/** `<your secret>`, `${SECRET}`, `{{ secret }}`, `$(openssl rand -hex 32)`: nothing expands env files. */
function isUnfilled(text: string): boolean {
  return (
    /^<[\w .:-]+>$|^\$\{?\w+\}?$|^\$?\{\{.*\}\}$|^\$\(\w+ .*\)$|^`\w{2,} [\w -]+`$/.test(text.trim()) ||
    /openssl rand|secrets\.token_|randomBytes\(|random_bytes\(/.test(text)
  )
}

/** Whether each character follows from the one some places before: abcabcabc…, 0123456789…, aabbcc…, zyx…. */
function isPattern(text: string): boolean {
  for (let lag = 1; lag <= Math.min(text.length / 2, 64); lag++) {
    const steps = new Map<number, number>()
    for (let at = lag; at < text.length; at++) {
      const step = text.charCodeAt(at) - text.charCodeAt(at - lag)
      steps.set(step, (steps.get(step) ?? 0) + 1)
    }
    if (Math.max(...steps.values()) >= 0.75 * (text.length - lag)) return true
  }
  return false
}

/**
 * The keys in many Spring Boot tutorials, mostly in hex, are pieces of one sequence (…jXn2r5u8x/A?D(G+KbPd…),
 * in which every character is three further than the one before the last; it leaves out what looks alike,
 * hence sometimes four.
 */
function isKeyGeneratorWalk(text: string): boolean {
  let steps = 0
  for (let at = 2; at < text.length; at++) {
    const step = text.charCodeAt(at) - text.charCodeAt(at - 2)
    if (step === 3 || step === 4) steps++
  }
  return steps > 0.5 * (text.length - 2)
}

function withoutDecoration(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '')
}

const published = knownSecrets.map(withoutDecoration)
