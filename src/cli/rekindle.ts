#!/usr/bin/env node
// An old Node gets to say that it is too old before it meets better-sqlite3, which would crash it: as src/main.cjs does
// in a checkout, where an old Node could not even read this file.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`rekindle needs Node 22.18 or newer, and this is ${process.version}.`)
  process.exitCode = 1
} else {
  const { main } = await import('./main.ts')
  await main(process.argv.slice(2))
}
