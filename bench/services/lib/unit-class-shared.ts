"use shared";

/** The classes of `unit-class.ts`, one copy for all services of a thread instead of one for each. */

export class Vector {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }

  add(other: Vector): Vector {
    return new Vector(this.x + other.x, this.y + other.y);
  }

  squaredLength(): number {
    return this.x * this.x + this.y * this.y;
  }
}

export class Unit {
  health = 100;
  position: Vector;
  velocity = new Vector(1, 1);

  constructor(id: number) {
    this.position = new Vector(id, 1);
  }

  tick(): number {
    this.position = this.position.add(this.velocity);
    this.health = (this.health + 1) % 100;
    return this.health + this.position.squaredLength();
  }
}
