// What a tab's state says of a photograph that goes through the codec, and its words in the address. Pure functions.

import { between, numberOf, oneOf, word } from "../frame/state.js";
import { WHOLE, placeFromWord, placeToWord } from "../maths/zoom.js";

export const USUAL = 50; // quality
export const THIRDS = ["error", "bits"]; // what the second picture shows

export const photoState = ({ channels }) => ({ quality: USUAL, k: channels.at(-1), third: THIRDS[0], place: WHOLE });

// about: {value: {channels}}.
const channels = (_, { value }) => value.channels;

export const QUALITY = word("quality", between(0, 100), USUAL);
export const PHOTO_WORDS = [
  word("k", numberOf(channels), (_, { value }) => value.channels?.at(-1)),
  word("third", oneOf(THIRDS), THIRDS[0]),
  { name: "at", parse: placeFromWord, put: (state, place) => (state.place = place), format: (state) => placeToWord(state.place) },
];

// What the server is asked: {quality}, or another wish, of the first k channels.
export const asked = (wish, { k }, all) => ({ ...wish, channels: k === all.at(-1) ? null : k });
