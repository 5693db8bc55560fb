// CommonJS, because an old Node cannot read TypeScript.

/** Whether this Node can run the service. If not, says so. */
module.exports.isNodeRecent = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return true
  const message =
    `Rekindle needs Node 22.18 or newer, and this is ${process.version}. ` +
    '"npm ci" installs a Node of its own for it; "npm ci --omit=dev" does not.'
  if (process.env.NODE_ENV === 'production')
    console.log(JSON.stringify({ level: 60, time: new Date().toISOString(), msg: message }))
  else console.error(message)
  process.exitCode = 1
  return false
}
