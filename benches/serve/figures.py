"""Figures as they are measured: a table of what was seen, then a line for each that has a target."""


class Figures:
    def __init__(self):
        self.rows, self.lines, self.errors = [], [], 0

    def say(self, text):
        print(text, flush=True)

    def row(self, what, **values):
        """A row of the table; printed at once, too, for those who wait."""
        text = "  ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in values.items() if value is not None)
        self.rows.append((what, text))
        self.say(f"  {what:<34} {text}")

    def count_errors(self, results, where):
        wrong = sum(result["errors"] for result in results.values())
        if wrong:
            self.say(f"  {where}: {wrong} answers were not as expected")
        self.errors += wrong

    def figure(self, name, value, unit, sign, target):
        """A figure with a target; without one when `sign` is None."""
        if value is None:
            self.lines.append(f"# {name}: not measured")
        elif sign is None:
            self.lines.append(f"BENCH {name} {shown(value)} {unit}")
        else:
            good = value <= target if sign == "<=" else value >= target
            self.lines.append(f"BENCH {name} {shown(value)} {unit} target {sign} {target} {'ok' if good else 'short'}")

    def print(self):
        print("\n==> What was seen")
        for what, text in self.rows:
            print(f"{what:<36} {text}")
        print("\n==> Figures")
        for line in self.lines:
            print(line)
        print(f"BENCH errors {self.errors} answers target <= 0 {'ok' if self.errors == 0 else 'short'}", flush=True)


def shown(value):
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


def ratio(a, b):
    return a / b if a is not None and b else None
