/** The exports of `rekindle`, for programs that embed the service. */

export type { Secrets, Settings } from '../config/settings.ts'
export { readServiceSettings, SettingsError } from '../config/settings.ts'
export { startDelivery } from '../events/deliver.ts'
export { startKeyRotation } from '../keys/start-rotation.ts'
export { pruneAll, startPruning } from '../sessions/prune.ts'
export { createApp } from './app.ts'
export type { Core, CoreOptions } from './core.ts'
export { createCore } from './core.ts'
export { metricsApp } from './metrics-app.ts'
export type { Listener } from './server/listen.ts'
export { listen } from './server/listen.ts'
