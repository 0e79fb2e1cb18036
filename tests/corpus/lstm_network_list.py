# network on top of lstm_nodes: feed x one by one, then ask for the loss of the whole list
import numpy as np
from lstm_nodes import LstmNode, LstmParam, LstmState


class ToyLossLayer:
    """only h[0] counts"""
    @classmethod
    def loss(self, pred, label):
        return (pred[0] - label) ** 2

    @classmethod
    def bottom_diff(self, pred, label):
        diff = np.zeros_like(pred)
        diff[0] = 2 * (pred[0] - label)
        return diff


class LstmNetwork():
    def __init__(self, lstm_param):
        self.lstm_param = lstm_param
        self.lstm_node_list = []
        self.x_list = []

    def y_list_is(self, y_list, loss_layer):
        assert len(y_list) == len(self.x_list)
        idx = len(self.x_list) - 1
        loss = loss_layer.loss(self.lstm_node_list[idx].state.h, y_list[idx])
        diff_h = loss_layer.bottom_diff(self.lstm_node_list[idx].state.h, y_list[idx])
        diff_s = np.zeros(self.lstm_param.mem_cell_ct)
        self.lstm_node_list[idx].top_diff_is(diff_h, diff_s)
        idx -= 1
        while idx >= 0:
            loss += loss_layer.loss(self.lstm_node_list[idx].state.h, y_list[idx])
            diff_h = loss_layer.bottom_diff(self.lstm_node_list[idx].state.h, y_list[idx])
            diff_h += self.lstm_node_list[idx + 1].state.bottom_diff_h
            diff_s = self.lstm_node_list[idx + 1].state.bottom_diff_s
            self.lstm_node_list[idx].top_diff_is(diff_h, diff_s)
            idx -= 1
        return loss

    def x_list_clear(self):
        self.x_list = []

    def x_list_add(self, x):
        self.x_list.append(x)
        if len(self.x_list) > len(self.lstm_node_list):
            p = self.lstm_param
            self.lstm_node_list.append(LstmNode(p, LstmState(p.mem_cell_ct, p.x_dim)))
        idx = len(self.x_list) - 1
        if idx == 0:
            self.lstm_node_list[idx].bottom_data_is(x)
        else:
            s_prev = self.lstm_node_list[idx - 1].state.s
            h_prev = self.lstm_node_list[idx - 1].state.h
            self.lstm_node_list[idx].bottom_data_is(x, s_prev, h_prev)


class ShiftedNetwork(LstmNetwork):
    def y_list_is(self, y_list, loss_layer):
        idx = len(self.x_list) - 1
        loss = 0.
        diff_h_next, diff_s_next = np.zeros(self.lstm_param.mem_cell_ct), np.zeros(self.lstm_param.mem_cell_ct)
        while idx >= 0:
            node = self.lstm_node_list[idx]
            loss += loss_layer.loss(node.state.h, y_list[idx])
            # label of the step before: at idx == 0 python hands out the last one
            diff_h = loss_layer.bottom_diff(node.state.h, y_list[idx - 1]) + diff_h_next
            node.top_diff_is(diff_h, diff_s_next)
            diff_h_next, diff_s_next = node.state.bottom_diff_h, node.state.bottom_diff_s
            idx -= 1
        return loss


def feed(net, xs, ys):
    net.x_list_clear()
    for x in xs:
        net.x_list_add(x)
    net.ys = ys
    return sum(ToyLossLayer.loss(node.state.h, y) for node, y in zip(net.lstm_node_list, ys))


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(network):
    import oracle

    data = lambda shape: oracle.reals(shape, differentiated=False)
    return oracle.Subject.from_object(
        lambda D, H, **_: network(LstmParam(H, D)), forward=feed,
        backward=lambda net: net.y_list_is(net.ys, ToyLossLayer), inputs={"xs": data("T D"), "ys": data("T")},
        parameters={f"lstm_param.w{g}": "H D+H" for g in "gifo"} | {f"lstm_param.b{g}": "H" for g in "gifo"},
        gradients="{}_diff", accumulates=True,
    )


def right():
    return build(LstmNetwork)


def wrong():
    return build(ShiftedNetwork)
