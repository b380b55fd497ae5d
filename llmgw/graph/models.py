"""Each model of the file, and each `provider/model` that a route names, gets its target or a reason why not."""

from collections.abc import Mapping

import msgspec

from llmgw.chat.unsupported import Policy
from llmgw.config.load import Loaded
from llmgw.config.model import ModelEntry
from llmgw.config.problems import KeyPath, quoted, short
from llmgw.graph import checks, cloud_auth, targets
from llmgw.graph.model import Target
from llmgw.graph.patterns import STAR, closest
from llmgw.graph.providers import Providers
from llmgw.graph.report import Report, did_you_mean


class Models:
    """Targets by name. `absent` holds those that cannot be used for no fault of the file, and why."""

    def __init__(self, loaded: Loaded, providers: Providers, report: Report) -> None:
        self._loaded = loaded
        self._models: Mapping[str, ModelEntry] = loaded.config.models
        self._providers = providers
        self._report = report
        self._entries: dict[str, ModelEntry] = dict(self._models)
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
        self.targets[name] = targets.build_target(name, upstream_model, self._inherit(entry, place), provider)

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

    def _inherit(self, entry: ModelEntry, place: KeyPath) -> ModelEntry:
        """What `like` gives: price, window and abilities of another model of the file."""
        if entry.like is None or self._loaded.is_broken(("models", entry.like)):
            return entry
        like = self._models.get(entry.like)
        like_place = (*place, "like")
        if like is None:
            hint = did_you_mean(entry.like, self._models) or _later(entry.like)
            self._report.error(like_place, f"{quoted(entry.like)} is not a model of this file", hint)
            return entry
        if like.like is not None:
            message = f"{quoted(entry.like)} is itself like {quoted(like.like)}"
            self._report.error(like_place, message, f"name {quoted(like.like)}" if like is not entry else "remove it")
            return entry
        return msgspec.structs.replace(
            entry,
            price=entry.price if entry.price is not None else like.price,
            context_window=entry.context_window or like.context_window,
            max_output=entry.max_output or like.max_output,
            lacks=entry.lacks or like.lacks,
        )


def _later(like: str) -> str | None:
    return (
        "a catalogue of models is not in this version yet: give price and context_window here" if "/" in like else None
    )
