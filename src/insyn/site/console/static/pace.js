// Where a live stream is played: so that each picture is on the screen as soon as it is decoded.
//
// A fragment holds one picture, which lasts until the next one comes (the server says two seconds).
// So the clock may stand beyond the newest picture: whatever comes is due at once, and waits for
// nothing. How far a picture could be at best is told by those that came quickest of late.
const AHEAD_S = 0.01; // how far beyond the quickest pictures the clock is kept
const NOTED = 36; // pictures among which the quickest is looked for
const NEAR_S = 0.015; // closer than this, the clock is right
const REACH_S = 0.2; // in about such a time it is to be right again
const [SLOWEST, FASTEST] = [0.8, 4];
const LOST_S = [-1, 3]; // further off, playing jumps

export class Pace {
  constructor(video) {
    [this.video, this.came, this.newest] = [video, [], null];
  }

  // Take note of a fragment as it comes.
  note(data) {
    const view = new DataView(data);
    if (view.byteLength < 68 || view.getUint32(4) !== 0x6d6f6f66) return; // moof; tfdt's time stands at 60
    this.newest = Number(view.getBigUint64(60)) / 90_000;
    this.came.push(performance.now() / 1000 - this.newest);
    if (this.came.length > NOTED) this.came.shift();
  }

  // How far behind where it should be the picture is, in seconds; 0 before there is any.
  get behind() {
    if (this.newest === null) return 0;
    return performance.now() / 1000 - Math.min(...this.came) + AHEAD_S - this.video.currentTime;
  }

  // Set the video's speed, or its time, so that it gets there.
  keep() {
    const { video, behind } = this;
    const ranges = video.buffered;
    if (this.newest === null || !ranges.length || video.seeking) return;
    const start = ranges.start(ranges.length - 1);
    if (behind < LOST_S[0] || behind > LOST_S[1] || video.currentTime < start) {
      if (ranges.end(ranges.length - 1) > this.newest) video.currentTime = Math.max(start, this.newest);
      return;
    }
    const rate = Math.abs(behind) < NEAR_S ? 1 : Math.min(FASTEST, Math.max(SLOWEST, 1 + behind / REACH_S));
    if (Math.abs(video.playbackRate - rate) > 0.01) video.playbackRate = rate;
  }
}
