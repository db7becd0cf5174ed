/** The imitated engine; the differences are those recorded in real answers. */
export type Personality = '3.2.3' | '3.1.74' | '3.2.11' | 'aceserve';

export interface PersonalityFacts {
  readonly serverHeader: string;
  readonly version: string;
  readonly code: number;
  readonly platform: string;
  /** 3.2 announces a WebSocket port, 3.1 does not. */
  readonly websocketPort: number | null;
  /** AceServe adds speeds and peers to get_status. */
  readonly statusTotals: boolean;
  /** AceServe changes settings at run time. */
  readonly settingsApi: boolean;
}

const FACTS: Readonly<Record<Personality, PersonalityFacts>> = {
  '3.2.3': {
    serverHeader: 'BaseHTTP/0.6 Python/3.8.16',
    version: '3.2.3',
    code: 3_020_300,
    platform: 'linux',
    websocketPort: 43_879,
    statusTotals: false,
    settingsApi: false,
  },
  '3.1.74': {
    serverHeader: 'BaseHTTP/0.3 Python/2.7.13',
    version: '3.1.74',
    code: 3_017_400,
    platform: 'win32',
    websocketPort: null,
    statusTotals: false,
    settingsApi: false,
  },
  '3.2.11': {
    serverHeader: 'BaseHTTP/0.6 Python/3.10.13',
    version: '3.2.11',
    code: 3_021_100,
    platform: 'linux',
    websocketPort: 43_879,
    statusTotals: false,
    settingsApi: false,
  },
  aceserve: {
    serverHeader: 'BaseHTTP/0.6 Python/3.10.13',
    version: '3.2.14',
    code: 3_021_400,
    platform: 'linux',
    websocketPort: 43_879,
    statusTotals: true,
    settingsApi: true,
  },
};

export function isPersonality(text: string): text is Personality {
  return text in FACTS;
}

export function personalityFacts(personality: Personality): PersonalityFacts {
  return FACTS[personality];
}
