"""Each model of the file, and each `provider/model` that a route names, gets its target or a reason why not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from llmgw.chat.unsupported import Policy
from llmgw.config.load import Loaded
from llmgw.config.model import BreakerEntry, ModelEntry
from llmgw.config.problems import KeyPath, quoted, short
from llmgw.graph import checks, cloud_auth, targets
from llmgw.graph.patterns import STAR, closest, star_of
from llmgw.graph.price_list import OF_PRICES, Corrections, Label, Offers, said
from llmgw.graph.providers import Providers, UsableProvider
from llmgw.graph.report import Report, did_you_mean
from llmgw.graph.route import Target
from llmgw.providers import prices
from llmgw.providers.catalog import LIKENESS_MIN

_OUTPUT_REMEDY = "add it; what only makes vectors (`embed`) is in no route, and has expose: false"
_REMEDY = "give it a price, or say which provider/model it is like"
_REMEDIES = "write price: free, price: {input_usd_per_mtok: …, output_usd_per_mtok: …}, or like: provider/model"


class Models:
    """Targets by name. `absent` holds those that cannot be used for no fault of the file, and why."""

    def __init__(self, loaded: Loaded, providers: Providers, report: Report) -> None:
        self._loaded = loaded
        self._models: Mapping[str, ModelEntry] = loaded.config.models
        self._providers = providers
        self._report = report
        self._corrections = Corrections(loaded.config.prices)
        self._looked_up: set[str] = set()  # in them, and in the table
        self._entries: dict[str, ModelEntry] = dict(self._models)
        self._bare: dict[str, KeyPath] = {}  # where they are named
        self.targets: dict[str, Target] = {}
        self.absent: dict[str, str] = {}

    def add_all(self) -> None:
        """Those of the file."""
        for name, entry in self._models.items():
            self._add(name, entry, ("models", name))

    def add_bare(self, use: str, place: KeyPath) -> None:
        """A `provider/model` that a route names at `place`: a model with nothing but a target."""
        if use not in self._entries:
            self._entries[use] = ModelEntry(target=use)
            self._bare[use] = place
            self._add(use, self._entries[use], place)

    def entry(self, name: str) -> ModelEntry:
        return self._entries[name]

    def providers(self) -> frozenset[str]:
        """The names of all providers that some target names."""
        return frozenset(entry.target.partition("/")[0] for entry in self._entries.values())

    def is_local(self, target: Target) -> bool:
        """Whether the target runs on the caller's own machine."""
        provider = self._providers.get(target.provider, ())
        return provider is not None and provider.row.local

    def check_prices(self, budgeted: Mapping[str, Sequence[str]]) -> None:
        """Models without a price: an error for those under a budget (by their names). What corrects nothing, too."""
        for name, target in self.targets.items():
            if target.price is None and target.offers is None:
                self._unpriced(name, f"no price is known for {quoted(self._entries[name].target)}", budgeted.get(name))
        for name in self._loaded.config.prices:
            self._check_correction(name, ("prices", name))

    def check_writing(self, asked: Iterable[Target]) -> None:
        """Of what is asked for answers, a price tells what they cost: once for each that does not."""
        lacking = {source: target.id for target in asked if (source := _without_output(target))}
        for source, name in lacking.items():
            message = f"has no output_usd_per_mtok, and {quoted(name)} may be asked for an answer"
            self._report.error(_place(source), message, _OUTPUT_REMEDY)

    def check_price_of_vectors(self, target: Target, place: KeyPath, budgets: Sequence[str] | None) -> None:
        """Of what a cache rule names at `place`. One name of a pattern: what its star stands for is known there."""
        if target.id not in self.targets and target.price is None:
            name = f"{target.provider}/{target.edits.model}"
            self._bare.setdefault(name, place)
            self._unpriced(name, f"no price is known for {quoted(name)}", budgets)

    def _unpriced(self, name: str, message: str, budgets: Sequence[str] | None) -> None:
        place = self._bare.get(name, ("models", name))
        if budgets:
            told = f"the budget{'s' * (len(budgets) > 1)} {', '.join(map(quoted, budgets))}"
            remedy = _REMEDIES if name in self._models else f"write prices: {{{short(name)}: …}}, or make it a model"
            message = f"{message}, and {told} must know what it costs"
            self._report.error(place, message, remedy, at_key=name in self._models)
        elif name in self._models:
            self._report.warning(place, f"{message}: what it costs is not counted", _REMEDY, at_key=True)

    def _check_correction(self, name: str, place: KeyPath) -> None:
        provider = name.partition("/")[0]
        if not self._providers.is_known(provider):
            hint = did_you_mean(provider, self._providers.names(), cutoff=LIKENESS_MIN)
            self._report.error(place, f"{quoted(provider)} is not a provider", hint, at_key=True)
        elif not any(name == one or star_of(name, one) or star_of(one, name) for one in self._looked_up):
            self._report.warning(place, "no model has this target, nor is any like it", at_key=True)

    def _add(self, name: str, entry: ModelEntry, place: KeyPath) -> None:
        checks.model(entry, place, self._report)
        provider_name, _, upstream_model = entry.target.partition("/")
        target_place = (*place, "target") if name in self._models else place
        if not self._is_filled(entry.target, name, target_place):
            return
        provider = self._providers.get(provider_name, target_place)
        if provider is None:
            return
        if placed := cloud_auth.region_in_name(provider.row, upstream_model):
            message = f"{quoted(upstream_model)} begins with a region, which belongs to the provider"
            bare = f"target: {provider_name}/{upstream_model.partition('/')[2]}"
            hint = f"write providers: {{{short(provider_name)}: {{region: {placed}}}}}, then {short(bare)}"
            self._report.error(target_place, message, hint)
            return
        if wrong := closest(provider.row.not_here, upstream_model):
            right = provider.row.not_here[wrong[0]].replace(STAR, wrong[1])
            message = f"{quoted(provider_name)} is not called so for {quoted(upstream_model)}"
            self._report.error(target_place, message, f"did you mean {quoted(right)}?")
            return
        if provider.policy is not Policy.ERROR:
            checks.left_out(entry, place, provider_name, provider.row.unsupported, self._report)
        if provider.absent is not None:
            self.absent[name] = provider.absent
        entry, like = self._inherit(entry, place)
        own = self._label(f"models.{name}", entry, provider)
        offers = Offers(self._corrections, (own,) if like is None else (own, like), local=provider.row.local)
        self._looked_up.update(label.name for label in (own, like) if label is not None)
        target = targets.build_target(name, upstream_model, entry, provider, offers)
        rules = [entry.breaker or BreakerEntry(), self._loaded.config.defaults.breaker]
        self.targets[name] = replace(target, breaker=targets.breaker(rules))

    def _label(self, said_at: str, entry: ModelEntry, provider: UsableProvider) -> Label:
        """The table knows the prices at a provider's own address; nobody knows what another one asks."""
        seller = provider.row.seller if provider.is_usual else ""
        return Label(entry.target, seller, None if entry.price is None else said(entry.price), f"{said_at}.price")

    def _is_filled(self, target: str, name: str, place: KeyPath) -> bool:
        """Whether a star in the target has one in the name to stand for."""
        stars = target.count(STAR)
        if stars > 1:
            self._report.error(place, f"{quoted(target)} has more than one star", "a target may hold one")
        elif stars and name in self._models and STAR not in name:
            self._report.error(place, "a star in the target needs one in the name", f'as in "gpt-{STAR}": {target}')
        else:
            return True
        return False

    def _inherit(self, entry: ModelEntry, place: KeyPath) -> tuple[ModelEntry, Label | None]:
        """What `like` gives: window and abilities of another model of the file, and by what its price is known."""
        if entry.like is None or self._loaded.is_broken(("models", entry.like)):
            return entry, None
        like = self._models.get(entry.like)
        like_place = (*place, "like")
        if like is None:
            return entry, self._listed(entry.like, entry, like_place)
        if like.like is not None:
            message = f"{quoted(entry.like)} is itself like {quoted(like.like)}"
            self._report.error(like_place, message, f"name {quoted(like.like)}" if like is not entry else "remove it")
            return entry, None
        provider = self._providers.get(like.target.partition("/")[0], like_place)
        inherited = msgspec.structs.replace(
            entry,
            context_window=entry.context_window or like.context_window,
            max_output=entry.max_output or like.max_output,
            lacks=entry.lacks or like.lacks,
        )
        return inherited, None if provider is None else self._label(f"models.{entry.like}", like, provider)

    def _listed(self, like: str, entry: ModelEntry, place: KeyPath) -> Label | None:
        """A model that is not of the file, by what is known of it."""
        name, slash, model = like.partition("/")
        row = self._providers.row(name) if slash else None
        if row is None:
            names = [*self._models, *(f"{one}/{model}" for one in self._providers.names() if slash)]
            hint = did_you_mean(like, names) or "or provider/model, as in openai/gpt-4o"
            self._report.error(place, f"{quoted(like)} is not a model of this file", hint)
            return None
        if STAR in like and STAR not in entry.target:
            self._report.error(place, f"{quoted(like)} has a star, but the target has none", "name a single model")
            return None
        label = Label(like, row.seller)
        is_known = STAR in like or prices.listed(row.seller, like) or self._corrections.closest(like)
        if not is_known and not row.local:
            known = (f"{name}/{one.model}" for one in prices.rows(row.seller))
            hint = did_you_mean(like, known) or f"`llmgw prices {name}` lists what is"
            self._report.error(place, f"{quoted(like)} is not in the price table", hint)
        return label


def _without_output(target: Target) -> str:
    """Where its price is from, if that says nothing of what it writes."""
    if target.offers is not None:
        return target.offers.without_output()
    return "" if target.price is None or target.price.has_output else target.priced_by


def _place(source: str) -> KeyPath:
    """Of a price of the file."""
    if source.startswith(OF_PRICES):
        return ("prices", source.removeprefix(OF_PRICES))
    return ("models", source.removeprefix("models.").removesuffix(".price"), "price")
