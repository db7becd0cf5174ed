import { type ProgrammeStream } from './programme';

/** From a position on, this stream leads its programme. */
export interface Lead {
  readonly position: number;
  readonly stream: ProgrammeStream;
}

/** Changes that are kept; positions before them are taken for the oldest one's. */
const MAX_LEADS = 64;

/** Which stream led the programme where. */
export class LeadLog {
  private readonly leads: Lead[] = [];

  /** A stream leads from `position` on; a later change that lies behind it never happened. */
  add(lead: Lead): void {
    while ((this.leads.at(-1)?.position ?? -1) >= lead.position) this.leads.pop();
    this.leads.push(lead);
    if (this.leads.length > MAX_LEADS) this.leads.shift();
  }

  /** What leads at `position`; null before there was a programme. */
  at(position: number): Lead | null {
    const { leads } = this;
    let index = leads.length - 1;
    while (index > 0 && (leads[index] as Lead).position > position) index--;
    return leads[index] ?? null;
  }

  /** Where the next stream begins to lead behind `position`; `Infinity` while none does. */
  endOf(position: number): number {
    for (const lead of this.leads) if (lead.position > position) return lead.position;
    return Infinity;
  }
}
