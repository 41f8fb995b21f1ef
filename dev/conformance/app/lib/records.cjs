// What the triggered functions saw, for the suite to read over HTTP.
const records = new Map();

exports.record = (key, entry) => {
  const entries = records.get(key) ?? [];
  records.set(key, [...entries, entry]);
};

exports.recordsOf = (key) => records.get(key) ?? [];
