/** A contract with some of its parts changed. */
import assert from 'node:assert/strict'

/** By JSON pointer (`-` is the end of a list): the new value, or undefined to remove what is there. */
export type Edits = Readonly<Record<string, unknown>>

/** @param text JSON. @throws AssertionError when there is nothing at a pointer */
export function edited(text: string, edits: Edits): string {
  const document = JSON.parse(text)
  for (const [pointer, value] of Object.entries(structuredClone(edits))) {
    const keys = pointer.split('/').slice(1)
    const last = keys.pop() ?? ''
    const plain = (key: string) => key.replaceAll('~1', '/')
    const at = keys.reduce((inner, key) => inner[plain(key)], document)
    assert.ok(at !== undefined && (value !== undefined || plain(last) in at), `nothing at ${pointer}`)
    if (last === '-') at.push(value)
    else if (value !== undefined) at[plain(last)] = value
    else if (Array.isArray(at)) at.splice(Number(last), 1)
    else delete at[plain(last)]
  }
  return JSON.stringify(document)
}
