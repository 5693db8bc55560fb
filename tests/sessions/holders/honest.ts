/** Holders who are alone with their session, and lose answers, networks and processes. None of them may be logged out. */
import type { Presentation, Simulation } from './simulation.ts'
import { callerAt, HOUR, MINUTE, SECOND } from './simulation.ts'

/** @returns what the service said to each request */
export type Holder = (simulation: Simulation, token: string) => readonly Presentation[]

/** Requests take a while in both directions. A burst is over before its first answer arrives. */
const upTime = ({ between }: Simulation) => between(100, 400)
const downTime = ({ between }: Simulation) => between(100, 1500)
const BURST = 150

interface Network {
  /** Of requests that are sent now */
  current: number
}

/**
 * Six tabs with one cookie jar. They wake up at once, each refreshes with what is in the jar, and what is lost is sent again
 * with what is in the jar then. The network changes at any time, also during that.
 */
export const sixTabs: Holder = (simulation, token) => {
  const { later, between, random, present } = simulation
  const said: Presentation[] = []
  const jar = { token }
  const network: Network = { current: 1 }
  let inFlight = 0
  const send = (tries: number): void => {
    // A repetition waits for the requests of other tabs: otherwise one may overtake another by two generations, which is
    // reuse with and without marks.
    if (tries > 0 && inFlight > 0) {
      later(SECOND, () => send(tries))
      return
    }
    const sent = { token: jar.token, network: network.current }
    inFlight++
    later(upTime(simulation), async () => {
      const answer = await present(sent.token, callerAt(sent.network))
      said.push(answer)
      later(downTime(simulation), () => {
        inFlight--
        const isLost = network.current === sent.network ? random() < 0.1 : random() < 0.7
        if (!isLost && answer.successor !== undefined) jar.token = answer.successor
        else if (tries < 4) later(between(2, 8) * SECOND, () => send(tries + 1))
      })
    })
  }
  const tabs = 1 + Math.floor(random() * 6)
  for (let wake = 0, at = 0; wake < 6; wake++) {
    at += between(1, 40) * MINUTE
    later(at, () => {
      for (let tab = 0; tab < tabs; tab++) later(between(0, BURST), () => send(0))
      // Once at most: see the campaign of alternating networks.
      if (random() < 0.6) later(between(0, 6) * SECOND, () => void network.current++)
    })
  }
  return said
}

/** One app. It is killed, or loses the answer, before it has stored the new token, and comes back as late as after a weekend. */
export const killedApp: Holder = (simulation, token) => {
  const { later, between, random, present } = simulation
  const said: Presentation[] = []
  let stored = token
  let network = 1
  const start = (left: number) => {
    if (left === 0) return
    if (random() < 0.4) network++
    later(upTime(simulation), async () => {
      const answer = await present(stored, callerAt(network, 'An app'))
      said.push(answer)
      const isStored = random() < 0.5
      if (isStored && answer.successor !== undefined) stored = answer.successor
      const absence = random() < 0.5 ? between(0, 60) * SECOND : between(0, 62) * HOUR
      later(absence, () => start(left - 1))
    })
  }
  start(8)
  return said
}

/** A backend for frontend on two addresses, with one store: both instances refresh at once, and the last one to write wins. */
export const twoBackends: Holder = (simulation, token) => {
  const { later, between, random, present } = simulation
  const said: Presentation[] = []
  const store = { token }
  const refreshBy = (instance: number) => {
    const sent = store.token
    later(upTime(simulation), async () => {
      const answer = await present(sent, callerAt(instance, 'A backend'))
      said.push(answer)
      later(downTime(simulation), () => {
        if (answer.successor !== undefined && random() < 0.9) store.token = answer.successor
      })
    })
  }
  for (let round = 0, at = 0; round < 6; round++) {
    at += between(1, 40) * MINUTE
    later(at, () => {
      for (const instance of [1, 2]) later(between(0, BURST), () => refreshBy(instance))
    })
  }
  return said
}

/** Six tabs on two networks at once, which take turns by chance: no rule can tell this from two holders in time. */
export const alternating: Holder = (simulation, token) => {
  const { later, between, random, present } = simulation
  const said: Presentation[] = []
  const jar = { token }
  const send = () => {
    const sent = jar.token
    const network = random() < 0.5 ? 1 : 2
    later(upTime(simulation), async () => {
      const answer = await present(sent, callerAt(network))
      said.push(answer)
      later(downTime(simulation), () => {
        if (answer.successor !== undefined) jar.token = answer.successor
      })
    })
  }
  for (let wake = 0, at = 0; wake < 6; wake++) {
    at += between(1, 40) * MINUTE
    later(at, () => {
      // Pages that refresh when they are opened: one after the other, within seconds
      for (let tab = 0; tab < 6; tab++) later(between(0, 6) * SECOND, send)
    })
  }
  return said
}
