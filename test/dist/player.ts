/** A player of the template `game`, in a real browser. */

import type { TestContext } from "node:test";
import { DrivenPage } from "../integration/console/browser.ts";

/** Has the page count what it draws: each picture sets the size of the board anew. */
const COUNT_PICTURES = `
  window.pictures = 0;
  new MutationObserver(() => (window.pictures += 1)).observe(
    document.getElementById("board"), { attributes: true });
`;

export class Player {
  readonly #page: DrivenPage;
  readonly #name: string;

  private constructor(page: DrivenPage, name: string) {
    this.#page = page;
    this.#name = name;
  }

  /** Opens the page of the game and sits down under a name. */
  static async join(t: TestContext, url: string, name: string): Promise<Player> {
    const page = await DrivenPage.open(t, url);
    await page.until(
      "document.readyState === 'complete' && document.getElementById('name') !== null",
    );
    await page.evaluate("document.getElementById('name').focus()");
    await page.type(name);
    await page.enter("name");
    await page.until(`document.getElementById('scores').textContent.includes('0\\t${name}')`);
    await page.evaluate(COUNT_PICTURES);
    return new Player(page, name);
  }

  /** The score that the page shows. */
  async score(): Promise<number> {
    const text = String(await this.#page.evaluate("document.getElementById('scores').textContent"));
    return Number(new RegExp(String.raw`(\d+)\t${this.#name}`).exec(text)?.[1]);
  }

  /** The score once it stays: the picture comes later than the steps that lead to it. */
  async settledScore(): Promise<number> {
    for (;;) {
      const seen = await this.score();
      await this.#page.evaluate("pictures = 0");
      await this.#page.until("pictures >= 5");
      if (seen === (await this.score())) return seen;
    }
  }

  /** Walks over the board, row by row, until the score is above one; answers with the score. */
  async playBeyond(score: number): Promise<number> {
    const isDone = async (): Promise<boolean> => (await this.score()) > score;
    const steps: string[] = [];
    for (let column = 0; column < 20; column += 1) steps.push("ArrowLeft");
    for (let row = 0; row < 12; row += 1) steps.push("ArrowUp");
    for (let row = 0; row < 12; row += 1) {
      for (let column = 0; column < 19; column += 1)
        steps.push(row % 2 === 0 ? "ArrowRight" : "ArrowLeft");
      steps.push("ArrowDown");
    }
    for (const [index, step] of steps.entries()) {
      await this.#page.press(step);
      if (index % 10 === 9 && (await isDone())) return this.settledScore();
    }
    while (!(await isDone())) await this.#page.press("ArrowUp");
    return this.settledScore();
  }
}
