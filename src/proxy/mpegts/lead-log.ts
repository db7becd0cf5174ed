import { type ProgrammeStream } from './programme';

/** From a position on, this stream leads its programme. */
export interface Lead {
  readonly position: number;
  readonly stream: ProgrammeStream;
}

/** Maximum number of changes that are kept. Positions before the oldest one are treated as if it applied to them. */
const MAX_LEADS = 64;

/** Records which stream led the programme at which positions. */
export class LeadLog {
  private readonly leads: Lead[] = [];

  /** Records that a stream leads from `position` on, and drops changes at or after that position. */
  add(lead: Lead): void {
    while ((this.leads.at(-1)?.position ?? -1) >= lead.position) this.leads.pop();
    this.leads.push(lead);
    if (this.leads.length > MAX_LEADS) this.leads.shift();
  }

  /** The change of the lead that applies at `position`; null before there was a programme. */
  at(position: number): Lead | null {
    const { leads } = this;
    let index = leads.length - 1;
    while (index > 0 && (leads[index] as Lead).position > position) index--;
    return leads[index] ?? null;
  }

  /** Position after `position` at which the next stream begins to lead; `Infinity` if there is none. */
  endOf(position: number): number {
    for (const lead of this.leads) if (lead.position > position) return lead.position;
    return Infinity;
  }
}
