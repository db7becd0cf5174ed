import { describeMissingRights } from './folder-access';

const uid = process.getuid?.() ?? 'USER';
const gid = process.getgid?.() ?? 'GROUP';

describe('describeMissingRights', () => {
  it('names the command for the folder', () => {
    expect(describeMissingRights('/srv/acefleet', '')).toBe(
      `DATA_DIR /srv/acefleet cannot be used by user ${uid} (access denied); run: sudo chown -R ${uid}:${gid} /srv/acefleet`,
    );
  });

  it('names the folder of the host that is mounted there', () => {
    const mounts = [
      '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
      '36 22 8:1 /home/me/ace\\040data /data rw,relatime - ext4 /dev/sda1 rw',
    ].join('\n');
    expect(describeMissingRights('/data', mounts)).toMatch(
      new RegExp(`; run on the host: sudo chown -R ${uid}:${gid} '/home/me/ace data'$`),
    );
  });
});
