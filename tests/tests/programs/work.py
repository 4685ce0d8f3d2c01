"""Works one alert with a client that was generated from the document, and with nothing else.

Arguments: folder of the client, address of the server, token, id of the alert.
"""

import sys

folder, server, token, wanted = sys.argv[1:]
sys.path.insert(0, folder)

from hearthline_client import AuthenticatedClient
from hearthline_client.api.alerts import alerts_act, alerts_claim, alerts_close, alerts_renew, alerts_show
from hearthline_client.api.queue import queue_show
from hearthline_client.api.staff import staff_list
from hearthline_client.models import AlertView, Claimed, Close, Fenced, NewAction, Problem, Queue

client = AuthenticatedClient(base_url=server, token=token)

queue = queue_show.sync(client=client)
assert isinstance(queue, Queue), queue
alert = next(one for one in queue.alerts if one.id == wanted)
assert isinstance(alert, AlertView) and alert.state == "open", alert

claimed = alerts_claim.sync(wanted, client=client)
assert isinstance(claimed, Claimed) and claimed.alert.owner.display == "API a generated client", claimed
assert alerts_renew.sync_detailed(wanted, client=client, body=Fenced(fence=claimed.fence)).status_code == 204
shown = alerts_show.sync_detailed(wanted, client=client)
assert shown.status_code == 200, shown

did = NewAction(fence=claimed.fence, kind="call_resident", result="connected")
assert alerts_act.sync_detailed(wanted, client=client, body=did).status_code == 201

unseen = alerts_close.sync(wanted, client=client, body=Close(fence=claimed.fence, cursor=0, outcome=4))
assert isinstance(unseen, Problem) and unseen.code == "newer" and unseen.status == 409, unseen
assert unseen.cursor >= claimed.cursor and unseen.newer, unseen

end = Close(fence=claimed.fence, cursor=unseen.cursor, outcome=4)
assert alerts_close.sync_detailed(wanted, client=client, body=end).status_code == 204
assert all(one.id != wanted for one in queue_show.sync(client=client).alerts)

refused = staff_list.sync(client=client)
assert isinstance(refused, Problem) and refused.code == "forbidden", refused
print("closed")
