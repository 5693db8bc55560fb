/** axios with interceptors: the access token with each request, and one refresh for all that get 401. */
import type { AxiosResponse } from 'axios'
import axios, { isAxiosError } from 'axios'
import { session } from './session.ts'

declare module 'axios' {
  interface InternalAxiosRequestConfig {
    /** The session in which the request was begun. It is never sent for another one */
    begunIn?: string | undefined
    /** The token with which it was sent */
    token?: string | undefined
    isRepeated?: boolean
  }
}

// Without `allowAbsoluteUrls: false`, an address of another host would get the token.
export const api = axios.create({ baseURL: '/api', allowAbsoluteUrls: false })

api.interceptors.request.use(async (config) => {
  const before = config.begunIn ?? session.user?.sessionId
  const token = await session.accessToken()
  const now = session.user?.sessionId
  config.begunIn = before ?? now
  config.token = config.begunIn === now ? token : undefined
  config.headers.set('Authorization', config.token && `Bearer ${config.token}`)
  return config
})

// A new token that got 401 as well: to refresh again would not help.
let vain: string | undefined

function succeeded(response: AxiosResponse): AxiosResponse {
  vain = undefined
  return response
}

api.interceptors.response.use(succeeded, async (error: unknown) => {
  const config = isAxiosError(error) && error.response?.status === 401 ? error.config : undefined
  if (!config?.token || config.token === vain) throw error
  if (config.isRepeated) {
    vain = config.token
    throw error
  }
  const next = await session.refresh(config.token).catch(() => undefined)
  if (!next || next === config.token) throw error
  return api.request({ ...config, isRepeated: true } as typeof config)
})
