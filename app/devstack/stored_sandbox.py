"""The sandbox through its own file, for a process beside which nobody serves it."""

from contextlib import closing
from dataclasses import asdict, dataclass
from uuid import UUID

from app.config import Settings
from app.sandbox import FILE_NAME, Store
from app.services.whatsapp.provisioning import ProvisionedNumber


@dataclass(frozen=True, slots=True)
class StoredSandbox:
    """A `sandbox_numbers.Sandbox` that needs no server.

    With `resumes`, the number that an earlier attempt has made is taken instead of another one.
    """

    config: Settings
    resumes: bool = False

    def create_number(self, workspace_id: UUID, display_name: str) -> ProvisionedNumber:
        """Make a number for a workspace."""
        workspace = str(workspace_id)
        with self._store() as store:
            known = store.list_workspace_numbers(workspace) if self.resumes else []
            number = (
                known[0]
                if known
                else store.create_number(workspace=workspace, display_name=display_name)
            )
        return ProvisionedNumber.model_validate(asdict(number), by_name=True)

    def subscribe(self, number: ProvisionedNumber, webhook_path: str) -> None:
        """Send the number's webhooks to this path of ours, unverified: nobody answers yet."""
        with self._store() as store:
            store.set_callback(number.waba_id, webhook_path)

    def _store(self) -> closing[Store]:
        return closing(Store(self.config.data_dir / FILE_NAME))
