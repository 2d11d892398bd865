/** @file The words that names are made of. Surnames, cities and first words of companies are invented, each unique. */
import type { Random } from '../src/common/random';
import { pick } from './choices';

const list = (words: string): string[] => words.split(' ');
const compounds = (heads: string, tails: string): string[] =>
  list(heads).flatMap(head => list(tails).map(tail => head + tail));
/** Every combination of one of `first` and one of `second`. */
const combinations = (
  first: readonly string[],
  second: readonly string[],
  join: (a: string, b: string) => string,
): string[] => first.flatMap(a => second.map(b => join(a, b)));

const words = {
  firstNames: list(
    'Mara Tobin Elsa Corin Dalia Hugo Irene Jonas Kira Leon Mila Nolan Olga Pavel Quinn Rosa Silas Tessa Ulric Vera Walter Xenia Yusuf Zora',
  ),
  surnames: compounds(
    'Vel Kor Ash Bren Dal Fen Gar Hol Jas Kel Lin Mor Nor Pel Rav Sel Tam Ul Wen Zim',
    'den wick man ton ley son berg well ridge',
  ),
  cities: compounds('Os Bel Dor Fal Gren Har Il Kas Lor Mel Ner Vos', 'mora stad haven minster port'),
  countries: list(
    'Ostria Belvania Carland Dorovia Estmark Falonia Gresland Hurovia Ilmark Jorland Kasmira Lethia',
  ),
  companies: compounds('Tar Sol Nor Pal Van Em Cob Lum Har Zeph Or Quor', 'vik dex tor ium ra'),
  industries: list('Systems Motors Foods Bank Labs Airways'),
  adjectives: list(
    'Silver Broken Hidden Silent Golden Crimson Frozen Distant Hollow Burning Painted Sleeping',
  ),
  nouns: list(
    'Lantern River Mirror Harbor Crown Orchard Compass Bridge Forest Letter Tower Island Clock Castle Window Mountain Candle Raven Desert Ladder Anchor Valley Meadow Train',
  ),
  plurals: list('Shadows Echoes Children Ashes Dreams Rules Voices Days Keepers Maps'),
  substances: list(
    'Winter Glass Autumn Sand Midnight Salt Thunder Stone Smoke Amber Spring Iron Copper Snow Summer Dust Marble Velvet Rain Fog Ivory Silk Ember Clay',
  ),
  jobs: list(
    'teacher painter lawyer surgeon baker pilot chemist farmer sailor carpenter singer journalist mechanic librarian gardener dentist',
  ),
};

/** Every word of every name. */
export const nameWords: readonly string[] = [...Object.values(words).flat(), 'The', 'of'];

/** A known person or company is the only one with its surname or first word; novel ones combine theirs freely. */
export const persons = {
  unique: words.surnames,
  shared: words.firstNames,
  join: (surname: string, firstName: string) => `${firstName} ${surname}`,
};
export const companies = {
  unique: words.companies,
  shared: words.industries,
  join: (word: string, industry: string) => `${word} ${industry}`,
};
export const { cities, countries, jobs } = words;
export const books = combinations(words.adjectives, words.nouns, (a, b) => `The ${a} ${b}`);
export const films = combinations(words.plurals, words.substances, (a, b) => `${a} of ${b}`);

export interface SplitNames {
  known: string[];
  novel: string[];
}

/** The first `knownCount` of the names in random order are known. */
export function drawNames(random: Random, names: readonly string[], knownCount: number): SplitNames {
  const shuffled = random.shuffled(names);
  return { known: shuffled.slice(0, knownCount), novel: shuffled.slice(knownCount) };
}

/** The same for names with a unique word. */
export function drawCombinedNames(
  random: Random,
  { unique, shared, join }: typeof persons,
  knownCount: number,
): SplitNames {
  const { known, novel } = drawNames(random, unique, knownCount);
  return {
    known: known.map(word => join(word, pick(random, shared))),
    novel: combinations(novel, shared, join),
  };
}
